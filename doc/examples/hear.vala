// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Lets a player play, and tells of each track until there is none.

void main () {
    var loop = new MainLoop ();
    var client = new Dbr.Client (BusType.SESSION);
    var tracks = new Dbr.Subscription (client, "org.example.Player", "/org/example/Player",
                                       "org.example.Player", "TrackChanged");

    tracks.received.connect ((sender, path, interface_name, member, parameters) => {
        var track = parameters.get_child_value (0).get_string ();

        if (track != "")
            print ("Now %s\n", track);
        else
            loop.quit ();
    });
    try {
        tracks.start_sync ();
    } catch (Error error) {
        print ("%s\n", error.message);
        return;
    }
    client.call_async.begin ("org.example.Player", "/org/example/Player", "org.example.Player",
                             "Play");
    loop.run ();
}
