# The same faults over real sockets.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND AND TARGET xunge-sync)
    add_test(NAME e2e/http_faults COMMAND ${Python3_EXECUTABLE}
        ${CMAKE_SOURCE_DIR}/tests/e2e/http_faults.py)
    set_tests_properties(e2e/http_faults PROPERTIES LABELS e2e TIMEOUT 300
        ENVIRONMENT "XG_BIN=${CMAKE_BINARY_DIR}/bin")
endif()
