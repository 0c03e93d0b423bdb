// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A class of one's own around a service: who uses it sees nothing of D-Bus.

class Player : Object {
    private Dbr.Proxy proxy;

    public async Player (Dbr.Client client) throws Error {
        proxy = yield client.get_proxy_async ("org.example.Player", "/org/example/Player",
                                              "org.example.Player");
    }

    // What the service last said; 0 as long as nobody knows.
    public uint32 volume {
        get {
            var value = proxy.get_cached ("Volume");
            return value != null ? value.get_uint32 () : 0;
        }
    }

    public async string play (uint32 track) throws Error {
        var reply = yield proxy.call_async ("Play", new Variant ("(u)", track), 500);
        return reply.get_child_value (0).get_string ();
    }
}

async int run () {
    try {
        var player = yield new Player (new Dbr.Client (BusType.SESSION));
        var title = yield player.play (1);
        print ("It plays %s at %u\n", title, player.volume);
        return 0;
    } catch (Error error) {
        print ("%s\n", error.message);
        return 1;
    }
}

int main () {
    var loop = new MainLoop ();
    var status = 1;

    run.begin ((source, result) => {
        status = run.end (result);
        loop.quit ();
    });
    loop.run ();

    return status;
}
