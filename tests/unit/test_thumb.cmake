# It makes photos, and looks at what became of them.
target_link_libraries(test_thumb PRIVATE
    PkgConfig::JPEG PkgConfig::PNG PkgConfig::WEBP)
