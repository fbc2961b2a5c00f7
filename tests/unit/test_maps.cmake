# The tiles are part of a program, not of a library.
target_sources(test_maps PRIVATE ${CMAKE_SOURCE_DIR}/agent/ui/tiles.c)
target_link_libraries(test_maps PRIVATE Threads::Threads)
