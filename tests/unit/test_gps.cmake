# gps.c is part of a program, not of a library.
target_sources(test_gps PRIVATE ${CMAKE_SOURCE_DIR}/agent/patrol/gps.c)
target_link_libraries(test_gps PRIVATE PkgConfig::GPS)
