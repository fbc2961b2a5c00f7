#!/usr/bin/env python3
"""Serve an NMEA recording on a loopback port, as a receiver would talk.

    nmea_tcp.py FILE SECONDS_A_LINE

Prints the port that it listens on, serves each connection the whole file and
then keeps it open; ends by itself after ten minutes.
"""
import socket
import sys
import threading
import time


def serve(connection, lines, pause):
    try:
        time.sleep(0.5)
        for line in lines:
            connection.sendall(line)
            time.sleep(pause)
        while connection.recv(4096):
            pass
    except OSError:
        pass
    finally:
        connection.close()


def main():
    with open(sys.argv[1], "rb") as recording:
        lines = [line for line in recording if not line.startswith(b"#")]
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    end = time.monotonic() + 600
    while time.monotonic() < end:
        listener.settimeout(max(0.1, end - time.monotonic()))
        try:
            connection, _ = listener.accept()
        except socket.timeout:
            break
        connection.settimeout(600)
        threading.Thread(target=serve, daemon=True,
                         args=(connection, lines, float(sys.argv[2]))).start()


if __name__ == "__main__":
    main()
