// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Gives up on an export after 300 ms, and still hears when it is done.

void main () {
    var loop = new MainLoop ();
    var client = new Dbr.Client (BusType.SESSION);

    client.late_reply.connect ((operation, late_by_usec) => {
        print ("It was done all the same, after its limit\n");
        loop.quit ();
    });
    client.call_async.begin ("org.example.Player", "/org/example/Player",
                             "org.example.Player", "Export", null, null, 300, null,
                             (source, result) => {
        try {
            client.call_async.end (result);
            print ("It was done in time\n");
        } catch (Dbr.Error.DEADLINE error) {
            print ("No answer within 300 ms\n");
            return;
        } catch (Error error) {
            print ("%s\n", error.message);
        }
        loop.quit ();
    });
    loop.run ();
}
