# One interface target carries the language, the warnings, the hardening and
# the linker.
add_library(xg_flags INTERFACE)
target_compile_features(xg_flags INTERFACE c_std_11)
target_compile_definitions(xg_flags INTERFACE _POSIX_C_SOURCE=200809L)
target_include_directories(xg_flags INTERFACE
    ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(xg_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
    -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wwrite-strings
    -Wformat=2 -Wundef -Wvla -Wnull-dereference -Wswitch-enum
    $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wjump-misses-init>
    $<$<C_COMPILER_ID:Clang>:-Wcomma>
    -fstack-protector-strong -fno-strict-aliasing
    -UNDEBUG # assertions stay in a release: a bug stops, it does not go on
    $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
target_link_options(xg_flags INTERFACE -Wl,-z,relro,-z,now)

# With lld, where it is there, a link takes half of the processor; what is
# released is linked by the system's own.
find_program(XG_LLD ld.lld)
if(XG_LLD AND NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    target_link_options(xg_flags INTERFACE -fuse-ld=lld)
endif()

# XG_SANITIZE, of which all but tsan are clang's, and have every fuzzer:
#
#   asan        ASan and UBSan, the tests and the fuzzers in one build; the
#               fuzzers hear of places, not of comparisons, with which a test
#               takes up to twice as long
#   tsan
#   fuzz        asan, and comparisons too: for longer runs of the fuzzers
#   fuzz-runs   UBSan, which only stops, and no word of comparisons: several
#               times the runs; what they find goes to fuzz, which says what is
#               wrong
set(XG_SANITIZE "" CACHE STRING "asan, tsan, fuzz or fuzz-runs")
if(XG_SANITIZE STREQUAL "asan")
    set(sanitizers -fsanitize=address,undefined,fuzzer-no-link
        -fno-sanitize-recover=all -fno-sanitize-coverage=trace-cmp)
elseif(XG_SANITIZE STREQUAL "tsan")
    # What the compiler has to say of a file it says in the preset ci.
    set(sanitizers -fsanitize=thread -w)
elseif(XG_SANITIZE STREQUAL "fuzz")
    set(sanitizers -fsanitize=address,undefined,fuzzer-no-link
        -fno-sanitize-recover=all)
elseif(XG_SANITIZE STREQUAL "fuzz-runs")
    set(sanitizers -fsanitize=undefined,fuzzer-no-link
        -fsanitize-trap=undefined -fno-sanitize-coverage=trace-cmp)
endif()
target_compile_options(xg_flags INTERFACE ${sanitizers} -fno-omit-frame-pointer)
target_link_options(xg_flags INTERFACE ${sanitizers})
