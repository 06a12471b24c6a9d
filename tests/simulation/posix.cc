// The C library's threads, locks, waits and clocks, and OpenSSL's randomness, for a program that a
// Scheduler runs; without one, the real ones. The dynamic linker prefers a program's own symbols to
// those of its libraries, so that the standard library's threads come here too.

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "tests/simulation/scheduler.h"

namespace {

using dealog::simulation::Scheduler;

// Virtual time begins here: 2025-06-15.
constexpr int64_t kEpochSeconds = 1'750'000'000;
// One wait in so many ends though nobody woke it: condition variables may do that.
constexpr uint32_t kSpuriousOneIn = 50;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

template <typename Function>
Function* Real(const char* name, const char* of = nullptr) {
  void* const found = of != nullptr ? dlvsym(RTLD_NEXT, name, of) : dlsym(RTLD_NEXT, name);
  return reinterpret_cast<Function*>(found);
}
// Condition variables have an older form of the same name.
constexpr char kConditions[] = "GLIBC_2.3.2";

int64_t ToVirtual(const timespec& time) {
  return (time.tv_sec - kEpochSeconds) * kNanosPerSecond + time.tv_nsec;
}

int TryLock(pthread_mutex_t* mutex) {
  static auto* const real = Real<int(pthread_mutex_t*)>("pthread_mutex_trylock");
  return real(mutex);
}

void LockInTurn(Scheduler& scheduler, pthread_mutex_t* mutex) {
  while (TryLock(mutex) == EBUSY) scheduler.Block(mutex);
}

int WaitInTurn(Scheduler& scheduler, pthread_cond_t* condition, pthread_mutex_t* mutex,
               int64_t deadline_ns) {
  pthread_mutex_unlock(mutex);
  if (deadline_ns == Scheduler::kNever && scheduler.Chance(kSpuriousOneIn)) {
    scheduler.Yield();
    LockInTurn(scheduler, mutex);
    return 0;
  }
  const bool woken = scheduler.Block(condition, deadline_ns);
  LockInTurn(scheduler, mutex);
  return woken ? 0 : ETIMEDOUT;
}

// Takes a lock by trying, and passes the turn while it is held.
template <typename Lock>
int TakeInTurn(Scheduler& scheduler, pthread_rwlock_t* lock, Lock* try_lock) {
  scheduler.Yield();
  while (try_lock(lock) == EBUSY) scheduler.Block(lock);
  return 0;
}

}  // namespace

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  Scheduler* const scheduler = Scheduler::Current();
  if (scheduler == nullptr) {
    static auto* const real = Real<int(pthread_mutex_t*)>("pthread_mutex_lock");
    return real(mutex);
  }
  scheduler->Yield();
  LockInTurn(*scheduler, mutex);
  return 0;
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  static auto* const real = Real<int(pthread_mutex_t*)>("pthread_mutex_unlock");
  const int result = real(mutex);
  if (Scheduler* const scheduler = Scheduler::Current()) scheduler->WakeAll(mutex);
  return result;
}

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  if (Scheduler* const scheduler = Scheduler::Current()) {
    return TakeInTurn(*scheduler, lock, &pthread_rwlock_tryrdlock);
  }
  static auto* const real = Real<int(pthread_rwlock_t*)>("pthread_rwlock_rdlock");
  return real(lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  if (Scheduler* const scheduler = Scheduler::Current()) {
    return TakeInTurn(*scheduler, lock, &pthread_rwlock_trywrlock);
  }
  static auto* const real = Real<int(pthread_rwlock_t*)>("pthread_rwlock_wrlock");
  return real(lock);
}

int pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept {
  static auto* const real = Real<int(pthread_rwlock_t*)>("pthread_rwlock_unlock");
  const int result = real(lock);
  if (Scheduler* const scheduler = Scheduler::Current()) scheduler->WakeAll(lock);
  return result;
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  if (Scheduler* const scheduler = Scheduler::Current()) {
    WaitInTurn(*scheduler, condition, mutex, Scheduler::kNever);
    return 0;
  }
  static auto* const real =
      Real<int(pthread_cond_t*, pthread_mutex_t*)>("pthread_cond_wait", kConditions);
  return real(condition, mutex);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  if (Scheduler* const scheduler = Scheduler::Current()) {
    return WaitInTurn(*scheduler, condition, mutex, ToVirtual(*until));
  }
  static auto* const real = Real<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)>(
      "pthread_cond_timedwait", kConditions);
  return real(condition, mutex, until);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
  if (Scheduler* const scheduler = Scheduler::Current()) {
    return WaitInTurn(*scheduler, condition, mutex, ToVirtual(*until));
  }
  static auto* const real =
      Real<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>(
          "pthread_cond_clockwait");
  return real(condition, mutex, clock, until);
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  if (Scheduler* const scheduler = Scheduler::Current()) {
    scheduler->WakeOne(condition);
    return 0;
  }
  static auto* const real = Real<int(pthread_cond_t*)>("pthread_cond_signal", kConditions);
  return real(condition);
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  if (Scheduler* const scheduler = Scheduler::Current()) {
    scheduler->WakeAll(condition);
    return 0;
  }
  static auto* const real = Real<int(pthread_cond_t*)>("pthread_cond_broadcast", kConditions);
  return real(condition);
}

int pthread_once(pthread_once_t* once, void (*routine)()) {
  static auto* const real = Real<int(pthread_once_t*, void (*)())>("pthread_once");
  Scheduler* const scheduler = Scheduler::Current();
  if (scheduler == nullptr) return real(once, routine);
  scheduler->RunUndivided([&] { real(once, routine); });
  return 0;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
  if (Scheduler* const scheduler = Scheduler::Current()) {
    *thread = scheduler->Spawn([start, argument] { start(argument); });
    return 0;
  }
  static auto* const real =
      Real<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
  return real(thread, attributes, start, argument);
}

int pthread_join(pthread_t thread, void** result) {
  if (Scheduler* const scheduler = Scheduler::Current()) {
    scheduler->Join(thread);
    return 0;
  }
  static auto* const real = Real<int(pthread_t, void**)>("pthread_join");
  return real(thread, result);
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (const Scheduler* const scheduler = Scheduler::Current()) {
    time->tv_sec = kEpochSeconds + scheduler->now_ns() / kNanosPerSecond;
    time->tv_nsec = scheduler->now_ns() % kNanosPerSecond;
    return 0;
  }
  static auto* const real = Real<int(clockid_t, timespec*)>("clock_gettime");
  return real(clock, time);
}

// Ids that nobody asked for by seed come of here.
int RAND_bytes(unsigned char* bytes, int size) {
  Scheduler* const scheduler = Scheduler::Current();
  if (scheduler == nullptr) {
    static auto* const real = Real<int(unsigned char*, int)>("RAND_bytes");
    return real(bytes, size);
  }
  for (int i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(scheduler->Random());
  return 1;
}

}  // extern "C"
