// A program to inspect, never to run.
#ifdef SUBJECT_HAS_TSAN
extern "C" void __tsan_init() {}
#endif

int main() {}
