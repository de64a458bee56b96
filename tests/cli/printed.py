# SPDX-License-Identifier: GPL-3.0-or-later
"""What scripts print to a terminal is safe for it and fits it; to a file it stays as the data have it."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from whyrec import TMP, WHYREC, done_testing, eq, ok, run, small_data, write  # noqa: E402

DATA = write('esc/events.csv', 'user,item\nu1,"a b"\nu1,\x1b]0;owned\x07\nu1,\u202egnp\nu2,"a b"\nu2,\u7231\n') and os.path.join(TMP, 'esc')
write('esc/items.csv', 'item,title\n"a b",\x1b[31mred\x1b[0m and a title that is long enough to be cut\n\u7231,\u7231\u4f60\n')


def on_tty(*args, columns=60, stop=None):
    """Runs whyrec with all of its streams on a terminal; its output, its exit status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(WHYREC, [WHYREC, '--home', TMP + '/home'] + list(args))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    out, began = b'', time.monotonic()
    while time.monotonic() - began < 60:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                block = os.read(fd, 65536)
            except OSError:
                break
            if not block:
                break
            out += block
        if stop and time.monotonic() - began > stop:
            os.write(fd, b'\x03')  # as a person presses Ctrl-C
            stop = None
    os.close(fd)
    return out, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


out, status = on_tty(DATA, '-c', 'items')
eq(status, 0, 'a listing on a terminal')
text = out.decode()
ok(b'\x1b[31m' not in out and b'\x1b]' not in out and b'\x07' not in out, 'escape sequences in data never reach it', out)
ok('\u202e' not in text, 'nor does what turns the direction of writing', text)
ok('"a b"' in text and r'"\x1B]0;owned\x07"' in text, 'ids stand as the prompt would read them', text)
lines = [line for line in text.replace('\r', '').split('\n') if 'red' in line]
ok(lines and len(lines[0]) <= 60 and '\u2026' in lines[0], 'what does not fit is cut, and the cut is marked', lines)
status, plain, err = run(DATA, '-c', 'items')
ok('\x1b[31mred' in plain and '\x1b]0;owned\x07' in plain and '"a b"' not in plain, 'to a file all stays raw', plain)
out, status = on_tty(DATA, '-c', 'recommend \x1b[2J')
ok(status == 1 and b'\x1b[2J' not in out, 'an error repeats nothing harmful', out)

folder = small_data('long', users=400, items=200)
out, status = on_tty(folder, '-c', 'train ials dim=128 epochs=10000 patience=0', stop=3)
eq(status, 130, 'Ctrl-C ends a training: exit status 130')
ok(b'epoch ' in out and b'\r\x1b[K' in out, 'its progress was shown in place', out[-300:])
ok(b'cancelled' in out, 'and what is kept is told', out[-300:])
done_testing()
