"""A pipeline of threads over bounded queues; prints a checksum that does not depend on who ran when."""

import concurrent.futures
import hashlib
import queue
import threading

ITEMS = 20000
WORKERS = 8


def digest(number):
    return int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:8], "little")


def pipeline():
    todo, done = queue.Queue(maxsize=64), queue.Queue(maxsize=64)

    def work():
        while (number := todo.get()) is not None:
            done.put(digest(number))

    def feed():
        for number in range(ITEMS):
            todo.put(number)
        for _ in workers:
            todo.put(None)

    workers = [threading.Thread(target=work) for _ in range(WORKERS)]
    threads = workers + [threading.Thread(target=feed)]
    for thread in threads:
        thread.start()
    total = sum(done.get() for _ in range(ITEMS))
    for thread in threads:
        thread.join()
    return total


def pool():
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as executor:
        return sum(executor.map(digest, range(ITEMS // 4)))


def rendezvous():
    barrier, lock, turns = threading.Barrier(WORKERS), threading.RLock(), []

    def work():
        for turn in range(50):
            barrier.wait()
            with lock, lock:
                turns.append(turn)

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return turns == sorted(turns)


print(pipeline(), pool(), rendezvous())
