// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The chart of one service. The line is drawn once for each answer, and moved in between.
public class Health.Chart : Gtk.Widget {
    // No eye sees a chart move by less than a pixel, or more often than this.
    const int64 MIN_STEP_MS = 66;

    Service? _service;
    public Service? service {
        get { return _service; }
        set {
            if (_service != null)
                _service.changed.disconnect (on_changed);
            _service = value;
            if (_service != null)
                _service.changed.connect (on_changed);
            on_changed ();
        }
    }

    public int64 length {
        get { return painter.length; }
        set {
            painter.length = value;
            pace ();
            on_changed ();
        }
    }

    public Percentiles percentiles { get { return painter.percentiles; } }

    ChartPainter painter = new ChartPainter ();
    Gsk.RenderNode? frame_node;
    Gsk.RenderNode? plot_node;
    int64 drawn_at;
    uint source = 0;

    static construct {
        set_css_name ("latencychart");
        set_accessible_role (IMG);
    }

    construct {
        overflow = HIDDEN;
        update_property (Gtk.AccessibleProperty.LABEL, _("Chart of how long answers take"), -1);
        Adw.StyleManager.get_default ().notify["dark"].connect (on_changed);
        Adw.StyleManager.get_default ().notify["high-contrast"].connect (on_changed);
    }

    public override void dispose () {
        service = null;
        Adw.StyleManager.get_default ().notify["dark"].disconnect (on_changed);
        Adw.StyleManager.get_default ().notify["high-contrast"].disconnect (on_changed);
        base.dispose ();
    }

    public override void map () {
        base.map ();
        pace ();
    }

    public override void unmap () {
        stop ();
        base.unmap ();
    }

    public override void size_allocate (int width, int height, int baseline) {
        on_changed ();
        pace ();
    }

    public override void css_changed (Gtk.CssStyleChange change) {
        base.css_changed (change);
        on_changed ();
    }

    public override void measure (Gtk.Orientation orientation, int for_size, out int minimum,
        out int natural, out int minimum_baseline, out int natural_baseline) {
        minimum = orientation == HORIZONTAL ? 240 : 200;
        natural = orientation == HORIZONTAL ? 560 : 240;
        minimum_baseline = natural_baseline = -1;
    }

    void stop () {
        if (source != 0)
            Source.remove (source);
        source = 0;
    }

    void pace () {
        stop ();
        if (!get_mapped ())
            return;
        var width = int.max (get_width (), 1);
        var step_ms = int64.max (length / TimeSpan.MILLISECOND / width, MIN_STEP_MS);
        source = Timeout.add ((uint) step_ms, () => {
            queue_draw ();
            return Source.CONTINUE;
        });
    }

    void on_changed () {
        plot_node = null;
        frame_node = null;
        queue_draw ();
    }

    void choose_colours () {
        var style = get_style_context ();
        painter.text_colour = style.get_color ();
        if (!style.lookup_color ("accent_color", out painter.line_colour))
            painter.line_colour = painter.text_colour;
        if (!style.lookup_color ("error_color", out painter.stall_colour))
            painter.stall_colour = painter.text_colour;
        if (!style.lookup_color ("warning_color", out painter.restart_colour))
            painter.restart_colour = painter.text_colour;
    }

    Gsk.RenderNode record (owned Recording recording) {
        var snapshot = new Gtk.Snapshot ();
        var bounds = Graphene.Rect ();
        // Wide enough for what is moved into it.
        bounds.init (-get_width (), 0, 3 * get_width (), get_height ());
        recording (snapshot.append_cairo (bounds));

        return snapshot.to_node ();
    }

    delegate void Recording (Cairo.Context cr);

    void draw_anew (int64 now) {
        var context = get_pango_context ();
        choose_colours ();
        painter.percentiles = service.series.measure (now - length);
        painter.lay_out (context, service.series, now, get_width (), get_height ());
        frame_node = record ((cr) => {
            painter.draw_frame (cr, context);
            painter.draw_percentiles (cr, context);
        });
        plot_node = record ((cr) => painter.draw_plot (cr, service.series, now));
        drawn_at = now;
        describe ();
    }

    public override void snapshot (Gtk.Snapshot snapshot) {
        if (service == null || get_width () < 50)
            return;
        var now = get_monotonic_time ();
        // What goes on without an answer, as a stall does, moves in from the edge.
        if (plot_node == null || now - drawn_at > length / 4)
            draw_anew (now);
        snapshot.push_clip (painter.plot);
        snapshot.save ();
        var shift = Graphene.Point ();
        shift.init (painter.plot.origin.x - painter.plot.size.width * (now - drawn_at) / length,
            painter.plot.origin.y);
        snapshot.translate (shift);
        snapshot.append_node (plot_node);
        snapshot.restore ();
        snapshot.pop ();
        snapshot.append_node (frame_node);
    }

    // What the picture shows, for who does not see it.
    void describe () {
        var stalls = service.series.count_stalls (drawn_at - length);
        var text =
            ngettext ("%u answer", "%u answers", percentiles.count).printf (percentiles.count);
        if (percentiles.median >= 0)
            text = _("%s, half of them within %s and 95 of a hundred within %s").printf (text,
                Text.format_time (percentiles.median), Text.format_time (percentiles.p95));
        if (stalls > 0)
            text =
                _("%s; %s").printf (text, ngettext ("%u stall", "%u stalls",
                    stalls).printf (stalls));
        update_property (Gtk.AccessibleProperty.DESCRIPTION, text, -1);
    }
}

// The last minute of a service in a row of the list.
public class Health.Sparkline : Gtk.Widget {
    const int64 LENGTH = 60 * TimeSpan.SECOND;

    ChartPainter painter = new ChartPainter ();

    public Service? service { get; set; }

    static construct {
        set_css_name ("sparkline");
        set_accessible_role (PRESENTATION);
    }

    construct {
        painter.length = LENGTH;
        overflow = HIDDEN;
    }

    public override void measure (Gtk.Orientation orientation, int for_size, out int minimum,
        out int natural, out int minimum_baseline, out int natural_baseline) {
        minimum = natural = orientation == HORIZONTAL ? 64 : 24;
        minimum_baseline = natural_baseline = -1;
    }

    public override void snapshot (Gtk.Snapshot snapshot) {
        if (service == null)
            return;
        var style = get_style_context ();
        painter.text_colour = style.get_color ();
        painter.line_colour = painter.text_colour;
        if (!style.lookup_color ("error_color", out painter.stall_colour))
            painter.stall_colour = painter.text_colour;
        painter.restart_colour = painter.text_colour;
        var bounds = Graphene.Rect ();
        bounds.init (0, 0, get_width (), get_height ());
        painter.draw_small (snapshot.append_cairo (bounds), service.series, get_monotonic_time (),
            get_width (), get_height ());
    }
}
