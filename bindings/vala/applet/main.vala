// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

[CCode (cname = "HEALTH_LOCALEDIR")]
extern const string LOCALEDIR;
[CCode (cname = "GETTEXT_PACKAGE")]
extern const string DOMAIN;

int main (string[] args) {
    Intl.setlocale ();
    // The library binds the domain that both have when it says its first word; so that comes first.
    Dbr.Error.explain (new IOError.FAILED (""));
    // A program that is not installed finds its translations where it was built.
    Intl.bindtextdomain (DOMAIN, Environment.get_variable ("DBR_HEALTH_LOCALEDIR") ?? LOCALEDIR);
    Intl.bind_textdomain_codeset (DOMAIN, "UTF-8");
    Intl.textdomain (DOMAIN);

    return new Health.Application ().run (args);
}
