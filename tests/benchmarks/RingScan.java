// The counterpart of ring_scan.cc: the same ring of threads, and the JVM's own look at it.
//
//   java RingScan.java THREADS        prints the median microseconds of findDeadlockedThreads()

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;

public final class RingScan {
  private static final int WARM_UP = 50;
  private static final int SCANS = 201;
  private static final long STACK_BYTES = 64 * 1024;

  public static void main(String[] arguments) {
    int size = Integer.parseInt(arguments[0]);
    start(size);
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    while (!isWholeRing(threads.findDeadlockedThreads(), size)) {
      Thread.onSpinWait();
    }

    double[] microseconds = new double[SCANS];
    for (int i = -WARM_UP; i < SCANS; i++) {
      long begin = System.nanoTime();
      long[] found = threads.findDeadlockedThreads();
      long elapsed = System.nanoTime() - begin;
      if (!isWholeRing(found, size)) {
        System.exit(1);
      }
      if (i >= 0) {
        microseconds[i] = elapsed / 1e3;
      }
    }
    Arrays.sort(microseconds);
    System.out.printf("%.1f%n", microseconds[SCANS / 2]);
  }

  private static void start(int size) {
    ReentrantLock[] locks = new ReentrantLock[size];
    Arrays.setAll(locks, i -> new ReentrantLock());
    CountDownLatch allHoldOne = new CountDownLatch(size);
    for (int i = 0; i < size; i++) {
      ReentrantLock own = locks[i];
      ReentrantLock next = locks[(i + 1) % size];
      Runnable body =
          () -> {
            own.lock();
            allHoldOne.countDown();
            try {
              allHoldOne.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            next.lock();
          };
      Thread thread = new Thread(null, body, "ring-" + i, STACK_BYTES);
      thread.setDaemon(true);
      thread.start();
    }
  }

  private static boolean isWholeRing(long[] found, int size) {
    return found != null && found.length == size;
  }
}
