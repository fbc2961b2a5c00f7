target_link_libraries(test_gate PRIVATE xg_web)
