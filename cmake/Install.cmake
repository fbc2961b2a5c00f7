# Programs lie side by side, so that each finds the others beside itself; only
# those that a person starts are in the path.
include(GNUInstallDirs)
set(helpers ${CMAKE_INSTALL_LIBEXECDIR}/xunge)
foreach(program xunge xunge-server xunge-audit)
    if(TARGET ${program})
        install(TARGETS ${program} DESTINATION ${CMAKE_INSTALL_BINDIR})
    endif()
endforeach()
foreach(program xunge-sync xunge-ui xunge-handover xunge-bundle xunge-patrol xunge-exif xunge-thumb xunge-map xunge-sheet xunge-witness)
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
    ${CMAKE_SOURCE_DIR}/packaging/completion/xunge-audit
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions OPTIONAL)

install(FILES ${CMAKE_SOURCE_DIR}/packaging/copyright
    DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The worker's page in the menu of a desktop.
install(FILES ${CMAKE_SOURCE_DIR}/packaging/desktop/xunge.desktop
    DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/desktop/xunge.svg
    DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps)

# Units for systemd, with the paths of this installation.
set(units ${CMAKE_SOURCE_DIR}/packaging/systemd)
set(bindir ${CMAKE_INSTALL_FULL_BINDIR})
set(libexecdir ${CMAKE_INSTALL_FULL_LIBEXECDIR}/xunge)
foreach(unit xunge-server.service xunge-server-backup.service xunge-sync@.service)
    configure_file(${units}/${unit} ${CMAKE_BINARY_DIR}/systemd/${unit} @ONLY)
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/systemd/xunge-server.service
    ${CMAKE_BINARY_DIR}/systemd/xunge-server-backup.service
    ${CMAKE_BINARY_DIR}/systemd/xunge-sync@.service
    ${units}/xunge-server-backup.timer
    DESTINATION lib/systemd/system)
install(FILES ${units}/xunge-server.sysusers
    DESTINATION lib/sysusers.d RENAME xunge-server.conf)
install(FILES ${units}/xunge-server.tmpfiles
    DESTINATION lib/tmpfiles.d RENAME xunge-server.conf)
install(PROGRAMS ${units}/xunge-server-backup DESTINATION ${helpers})
install(FILES ${units}/xunge-server.env
    DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME xunge-server.default)
