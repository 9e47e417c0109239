# find_package(detect) gives detect::harness: the contention harness, the types of sync and tasks,
# and the monitor.
include(CMakeFindDependencyMacro)
find_dependency(GTest)
find_dependency(Threads)

get_filename_component(detect_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
add_library(detect::harness INTERFACE IMPORTED)
set_target_properties(detect::harness PROPERTIES
  INTERFACE_COMPILE_FEATURES cxx_std_20
  INTERFACE_INCLUDE_DIRECTORIES "${detect_prefix}/include")
# Whole: the recorder and GoogleTest's listener start by themselves, and nobody refers to them.
target_link_libraries(detect::harness INTERFACE
  "-Wl,--whole-archive,${detect_prefix}/lib/libdetect_harness.a,--no-whole-archive"
  GTest::gmock GTest::gtest Threads::Threads)
