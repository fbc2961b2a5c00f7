# Programs lie side by side, so that each finds the others beside itself; only
# those that a person starts are in the path.
include(GNUInstallDirs)
set(helpers ${CMAKE_INSTALL_LIBEXECDIR}/xunge)
foreach(program xunge xunge-server)
    if(TARGET ${program})
        install(TARGETS ${program} DESTINATION ${CMAKE_INSTALL_BINDIR})
    endif()
endforeach()
foreach(program xunge-sync xunge-handover xunge-bundle xunge-patrol xunge-exif xunge-thumb)
    if(TARGET ${program})
        install(TARGETS ${program} DESTINATION ${helpers})
    endif()
endforeach()
file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/packaging/man/*.1)
install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
file(GLOB pages_zh CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/packaging/man/zh_CN/*.1)
install(FILES ${pages_zh}
    DESTINATION ${CMAKE_INSTALL_MANDIR}/zh_CN/man1 OPTIONAL)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/completion/xunge
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions OPTIONAL)
