"""Runs a Python module as a server that ends with whoever started it.

usage: launcher.py MODULE ARGUMENT...

Standard input is a pipe of the test process: it closes when that process ends, however it ends.
"""

import os
import runpy
import sys
import threading


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
