# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Errors of libdbr as Python tells of errors: `error.matches(Dbr.Error.DEADLINE)`, and a text.

PyGObject has one class for the errors of all libraries, so this adds to that one; what it could do
before it does as before.
"""

from gi.repository import GLib


def translate(text):
    """The text in the language of the user."""
    return GLib.dgettext('libdbr', text)


def add(Dbr):
    """Teaches GLib.Error what an error of libdbr is."""
    quark = Dbr.Error.quark()
    domain_name = GLib.quark_to_string(quark)
    matches, to_text = GLib.Error.matches, GLib.Error.__str__

    def error_matches(self, domain, code=None):
        """Whether it is that error: of a domain and a code, or a member of Dbr.Error alone."""
        if code is None:
            if not isinstance(domain, Dbr.Error):
                raise TypeError('Without a code it takes a member of Dbr.Error')
            domain, code = quark, domain
        return matches(self, quark if domain is Dbr.Error else domain, code)

    def error_to_text(self):
        # Domain and code are for programs, which have them beside the text.
        return self.message if self.domain == domain_name else to_text(self)

    GLib.Error.matches = error_matches
    GLib.Error.__str__ = error_to_text
