// SequentialModel is what an object does when one thread at a time calls it, as a plain value.
//
//   struct Counter {                                        // the state
//     enum class Input { kAdd, kGet };                      // what is called
//     using Output = int;                                   // what comes back
//
//     Output Apply(Input input) { return input == Input::kAdd ? ++n : n; }
//     bool operator==(const Counter&) const = default;
//     size_t Hash() const { return static_cast<size_t>(n); }
//
//     int n = 0;
//   };
//
// A model starts as it is default-constructed. The result of Apply() is a function of the state and
// the input, and copies share nothing. These members are optional:
//
//   static Key KeyOf(const Input&)     calls with different keys have nothing to do with each
//   other;
//                                      the calls of each key are checked against a model of their
//                                      own
//   static bool Observes(const Input&, const Output&)
//                                      a call with this result changes no state: need not be right
//                                      to be safe when false, and makes the search shorter when
//                                      true
//   static bool Resets(const Input&)   the state after this call does not depend on the one before;
//   bool CanPrecede(const Input&, const Output&) const
//                                      whether calls that do not reset could lead from this state
//                                      to one where the call has this result. The two come
//                                      together, and let the search see early that an order leads
//                                      nowhere.
//   size_t HeapBytes() const           memory of one state besides sizeof, for the checker's limit
//
// To be printed, a model has two more:
//
//   static std::string Tell(const Input&)                   "put(1)"
//   static std::string Tell(const Input&, const Output&)    "2"; empty where nothing comes back
//
// Context: tool. Threads: one at a time.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>

namespace detect {

template <typename T>
concept SequentialModel = std::default_initializable<T> && std::copyable<T> &&
    std::equality_comparable<T> && std::copyable<typename T::Input> &&
    std::equality_comparable<typename T::Input> && std::copyable<typename T::Output> &&
    std::equality_comparable<typename T::Output> &&
    requires(T model, const T& state, const typename T::Input& input) {
  { model.Apply(input) } -> std::same_as<typename T::Output>;
  { state.Hash() } -> std::convertible_to<size_t>;
};

template <typename T>
concept PartitionedModel = SequentialModel<T> && requires(const typename T::Input& input) {
  T::KeyOf(input);
};

template <typename T>
concept ObservingModel = SequentialModel<T> &&
    requires(const typename T::Input& input, const typename T::Output& output) {
  { T::Observes(input, output) } -> std::same_as<bool>;
};

template <typename T>
concept ForesightedModel = ObservingModel<T> &&
    requires(const T& state, const typename T::Input& input, const typename T::Output& output) {
  { T::Resets(input) } -> std::same_as<bool>;
  { state.CanPrecede(input, output) } -> std::same_as<bool>;
};

template <typename T>
concept SizedModel = SequentialModel<T> && requires(const T& state) {
  { state.HeapBytes() } -> std::convertible_to<size_t>;
};

template <typename T>
concept TellingModel = SequentialModel<T> &&
    requires(const typename T::Input& input, const typename T::Output& output) {
  { T::Tell(input) } -> std::convertible_to<std::string>;
  { T::Tell(input, output) } -> std::convertible_to<std::string>;
};

}  // namespace detect
