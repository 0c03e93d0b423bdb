// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is kept from one run to the next, in a key file: it needs no schema that is installed, and a
// person can copy it to another machine. It is written a moment after a change, and never by who
// waits for it.
public class Health.Settings : Object {
    const string WATCH = "watch";
    const string WINDOW = "window";
    const uint WRITE_DELAY_MS = 500;

    public string[] services { get; set; default = {}; }
    public uint interval_ms { get; set; default = 2000; }
    public bool background { get; set; default = true; }
    public bool notifications { get; set; default = true; }
    public int width { get; set; default = 1000; }
    public int height { get; set; default = 680; }
    public bool maximized { get; set; default = false; }
    public string page { get; set; default = "services"; }
    public int chart_seconds { get; set; default = 60; }

    File file;
    uint source = 0;
    bool is_writing = false;

    public Settings () {
        file =
            File.new_build_filename (Environment.get_user_config_dir (), "dbr-health",
                "settings.ini");
        load ();
        // Only what is changed from now on is written.
        notify.connect (write_soon);
    }

    void load () {
        var keys = new KeyFile ();
        try {
            keys.load_from_file (file.get_path (), NONE);
        } catch (Error error) {
            if (!(error is FileError.NOENT))
                warning ("%s: %s", file.get_path (), error.message);
            return;
        }
        // Each by itself: what is missing or no number keeps its default.
        try {
            services = keys.get_string_list (WATCH, "services");
        } catch (Error error) {
        }
        interval_ms =
            (uint) read_number (keys, WATCH, "interval-ms", (int) interval_ms).clamp (1000, 60000);
        background = read_switch (keys, WATCH, "background", background);
        notifications = read_switch (keys, WATCH, "notifications", notifications);
        width = read_number (keys, WINDOW, "width", width).clamp (360, 10000);
        height = read_number (keys, WINDOW, "height", height).clamp (294, 10000);
        maximized = read_switch (keys, WINDOW, "maximized", maximized);
        chart_seconds = read_number (keys, WINDOW, "chart-seconds", chart_seconds).clamp (60, 3600);
        try {
            page = keys.get_string (WINDOW, "page");
        } catch (Error error) {
        }
    }

    static int read_number (KeyFile keys, string group, string key, int otherwise) {
        try {
            return keys.get_integer (group, key);
        } catch (Error error) {
            return otherwise;
        }
    }

    static bool read_switch (KeyFile keys, string group, string key, bool otherwise) {
        try {
            return keys.get_boolean (group, key);
        } catch (Error error) {
            return otherwise;
        }
    }

    string to_data () {
        var keys = new KeyFile ();
        keys.set_string_list (WATCH, "services", services);
        keys.set_integer (WATCH, "interval-ms", (int) interval_ms);
        keys.set_boolean (WATCH, "background", background);
        keys.set_boolean (WATCH, "notifications", notifications);
        keys.set_integer (WINDOW, "width", width);
        keys.set_integer (WINDOW, "height", height);
        keys.set_boolean (WINDOW, "maximized", maximized);
        keys.set_integer (WINDOW, "chart-seconds", chart_seconds);
        keys.set_string (WINDOW, "page", page);

        return keys.to_data ();
    }

    void write_soon () {
        if (source != 0)
            return;
        source = Timeout.add (WRITE_DELAY_MS, () => {
            source = 0;
            write.begin ();
            return Source.REMOVE;
        });
    }

    // With those that it lies in: a new user has no folder for settings at all.
    static async void make_folder (File folder) throws Error {
        try {
            yield folder.make_directory_async ();
        } catch (IOError.EXISTS error) {
        } catch (IOError.NOT_FOUND error) {
            yield make_folder (folder.get_parent ());
            yield folder.make_directory_async ();
        }
    }

    async void write () {
        if (is_writing) {
            write_soon ();
            return;
        }
        is_writing = true;
        try {
            yield make_folder (file.get_parent ());
            yield file.replace_contents_async (to_data ().data, null, false, REPLACE_DESTINATION,
                null, null);
        } catch (Error error) {
            warning ("%s: %s", file.get_path (), error.message);
        }
        is_writing = false;
    }

    // At the end of the program, when nobody waits for a frame any more.
    public void flush () {
        if (source == 0)
            return;
        Source.remove (source);
        source = 0;
        DirUtils.create_with_parents (file.get_parent ().get_path (), 0755);
        try {
            FileUtils.set_contents (file.get_path (), to_data ());
        } catch (Error error) {
            warning ("%s: %s", file.get_path (), error.message);
        }
    }
}
