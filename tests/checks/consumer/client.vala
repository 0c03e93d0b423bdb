// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A call on a bus that is not there ends, and says so.
int main () {
    var client = new Dbr.Client.for_address ("unix:path=/nonexistent");

    try {
        client.ping_sync ("org.example.Peer", null);
    } catch (Dbr.Error.NO_BUS error) {
        print ("%s\n", error.message);
        return 0;
    } catch (Error error) {
        printerr ("%s\n", error.message);
    }
    return 1;
}
