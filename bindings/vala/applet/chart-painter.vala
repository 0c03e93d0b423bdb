// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Draws the answers of a service over time, for the window and for files alike. Times are drawn in
// decades: a service that takes 300 µs and one that takes 3 s are then both seen, and the axis
// stands still.
public class Health.ChartPainter : Object {
    const double GAP = 6;
    const double LINE_WIDTH = 1.75;

    public Gdk.RGBA text_colour;
    public Gdk.RGBA line_colour;
    public Gdk.RGBA stall_colour;
    public Gdk.RGBA restart_colour;

    public int64 length { get; set; default = 60 * TimeSpan.SECOND; }
    public Percentiles percentiles;

    // Where the lines are, within what is drawn as a whole.
    public Graphene.Rect plot { get; private set; }
    int low_decade = -1;
    int high_decade = 1;

    public ChartPainter.for_file () {
        text_colour.parse ("#3d3846");
        line_colour.parse ("#1c71d8");
        stall_colour.parse ("#e01b24");
        restart_colour.parse ("#c64600");
    }

    static void use (Cairo.Context cr, Gdk.RGBA colour, double alpha) {
        cr.set_source_rgba (colour.red, colour.green, colour.blue, colour.alpha * alpha);
    }

    static Pango.Layout layout_text (Pango.Context context, string text) {
        var layout = new Pango.Layout (context);
        var attributes = new Pango.AttrList ();
        attributes.insert (Pango.attr_scale_new (0.85));
        attributes.insert (new Pango.AttrFontFeatures ("tnum=1"));
        layout.set_attributes (attributes);
        layout.set_text (text, -1);

        return layout;
    }

    // The decades that hold what is seen: two at least, and as many as it takes.
    void choose_scale (Series series, int64 now) {
        var least = double.MAX;
        var most = 0.0;
        for (var i = series.find (now - length); i < series.n_samples; i++) {
            var ms = series.get_latency (i) / 1000.0;
            least = double.min (least, ms);
            most = double.max (most, ms);
        }
        if (most <= 0) {
            least = 0.1;
            most = 10;
        }
        low_decade = (int) Math.floor (Math.log10 (double.max (least, 0.001)));
        high_decade =
            int.max ((int) Math.ceil (Math.log10 (double.max (most, 0.001))), low_decade + 2);
    }

    double y_of (double ms) {
        var share = (Math.log10 (double.max (ms, 0.001)) - low_decade) / (high_decade - low_decade);

        return plot.size.height * (1 - share.clamp (0, 1));
    }

    string name_decade (int decade) {
        if (decade >= 3)
            return _("%.0f s").printf (Math.pow (10, decade - 3));
        if (decade >= 0)
            return _("%.0f ms").printf (Math.pow (10, decade));
        return _("%.0f µs").printf (Math.pow (10, decade + 3));
    }

    string name_past (int64 usec) {
        if (usec == 0)
            return _("now");
        if (usec >= 5 * TimeSpan.MINUTE)
            return _("−%d min").printf ((int) (usec / TimeSpan.MINUTE));
        if (usec >= 2 * TimeSpan.MINUTE)
            return _("−%.1f min").printf (usec / (double) TimeSpan.MINUTE);
        return _("−%d s").printf ((int) (usec / TimeSpan.SECOND));
    }

    // Finds out how much room the labels take, which follows the size of the text.
    public void lay_out (Pango.Context context, Series series, int64 now, float width,
        float height) {
        choose_scale (series, now);
        var label_width = 0;
        var label_height = 0;
        for (var decade = low_decade; decade <= high_decade; decade++) {
            int w, h;
            layout_text (context, name_decade (decade)).get_pixel_size (out w, out h);
            label_width = int.max (label_width, w);
            label_height = int.max (label_height, h);
        }
        int share_width, share_height;
        name_share (context, 95).get_pixel_size (out share_width, out share_height);
        var left = label_width + 2 * (float) GAP;
        var right = share_width + 2 * (float) GAP;
        var top = label_height / 2 + (float) GAP;
        var area = Graphene.Rect ();
        area.init (left, top, float.max (width - left - right, 10),
            float.max (height - top - label_height - 3 * (float) GAP, 10));
        plot = area;
    }

    public void draw_frame (Cairo.Context cr, Pango.Context context) {
        cr.save ();
        cr.translate (plot.origin.x, plot.origin.y);
        cr.set_line_width (1);
        for (var decade = low_decade; decade <= high_decade; decade++) {
            var y = Math.round (y_of (Math.pow (10, decade))) + 0.5;
            use (cr, text_colour, decade == low_decade ? 0.3 : 0.12);
            cr.move_to (0, y);
            cr.line_to (plot.size.width, y);
            cr.stroke ();
            int w, h;
            var layout = layout_text (context, name_decade (decade));
            layout.get_pixel_size (out w, out h);
            use (cr, text_colour, 0.7);
            cr.move_to (-GAP - w, y - h / 2);
            Pango.cairo_show_layout (cr, layout);
        }
        draw_times (cr, context);
        cr.restore ();
    }

    void draw_times (Cairo.Context cr, Pango.Context context) {
        var parts = plot.size.width > 420 ? 4 : 2;
        for (var i = 0; i <= parts; i++) {
            int w, h;
            var layout = layout_text (context, name_past (length * (parts - i) / parts));
            layout.get_pixel_size (out w, out h);
            double x = plot.size.width * i / parts - w / 2;
            use (cr, text_colour, 0.7);
            cr.move_to (x.clamp (-GAP, plot.size.width - w + GAP), plot.size.height + GAP);
            Pango.cairo_show_layout (cr, layout);
        }
    }

    // How long half of the answers took at most, and 95 of a hundred: named beside the plot, where
    // nothing crosses the names.
    public void draw_percentiles (Cairo.Context cr, Pango.Context context) {
        if (percentiles.median < 0)
            return;
        var median_y = y_of (percentiles.median / 1000.0);
        var p95_y = y_of (percentiles.p95 / 1000.0);
        int w, h;
        name_share (context, 50).get_pixel_size (out w, out h);
        // Two that are close keep their lines, and their names apart.
        var push = double.max (h - (median_y - p95_y), 0) / 2;
        cr.save ();
        cr.translate (plot.origin.x, plot.origin.y);
        cr.set_line_width (1);
        cr.set_dash ({ 4, 4 }, 0);
        draw_percentile (cr, name_share (context, 50), median_y, push);
        draw_percentile (cr, name_share (context, 95), p95_y, -push);
        cr.restore ();
    }

    static Pango.Layout name_share (Pango.Context context, int share) {
        return layout_text (context, _("%d %%").printf (share));
    }

    void draw_percentile (Cairo.Context cr, Pango.Layout name, double y, double push) {
        int w, h;
        name.get_pixel_size (out w, out h);
        use (cr, text_colour, 0.55);
        cr.move_to (0, Math.round (y) + 0.5);
        cr.line_to (plot.size.width, Math.round (y) + 0.5);
        cr.stroke ();
        use (cr, text_colour, 0.85);
        cr.move_to (plot.size.width + GAP, y + push - h / 2);
        Pango.cairo_show_layout (cr, name);
    }

    // What moves, within the plot: one who shows it for a while shifts it to the left, and draws it
    // anew when something has come.
    public void draw_plot (Cairo.Context cr, Series series, int64 now) {
        draw_spans (cr, series, now);
        draw_restarts (cr, series, now);
        draw_line (cr, series, now);
    }

    double x_of (int64 time, int64 now) {
        return plot.size.width * (1 - (now - time) / (double) length);
    }

    void draw_spans (Cairo.Context cr, Series series, int64 now) {
        unowned var spans = series.get_spans ();
        for (var i = 0; i < spans.length; i++) {
            var begin = x_of (spans[i].since, now);
            // One that goes on goes on beyond the edge, into what is about to be seen.
            var end = i + 1 < spans.length ? x_of (spans[i + 1].since, now) : plot.size.width * 2;
            if (end < 0)
                continue;
            begin = double.max (begin, -plot.size.width);
            if (Text.is_stall (spans[i].state)) {
                use (cr, stall_colour, 0.22);
                cr.rectangle (begin, 0, end - begin, plot.size.height);
                cr.fill ();
                // Seen by who does not see red as well.
                use (cr, stall_colour, 0.9);
                cr.rectangle (begin, 0, double.max (end - begin, 2), 3);
                cr.fill ();
            } else if (spans[i].state == ABSENT || spans[i].state == BUS_LOST) {
                draw_hatching (cr, begin, end);
            }
        }
    }

    // Nobody was there to answer.
    void draw_hatching (Cairo.Context cr, double begin, double end) {
        cr.save ();
        cr.rectangle (begin, 0, end - begin, plot.size.height);
        cr.clip ();
        use (cr, text_colour, 0.16);
        cr.set_line_width (1);
        for (var x = begin - plot.size.height; x < end; x += 8) {
            cr.move_to (x, plot.size.height);
            cr.line_to (x + plot.size.height, 0);
        }
        cr.stroke ();
        cr.restore ();
    }

    void draw_restarts (Cairo.Context cr, Series series, int64 now) {
        cr.save ();
        cr.set_line_width (1.5);
        cr.set_dash ({ 3, 3 }, 0);
        use (cr, restart_colour, 1);
        foreach (var time in series.get_restarts ()) {
            var x = Math.round (x_of (time, now)) + 0.5;
            if (x < 0)
                continue;
            cr.move_to (x, 0);
            cr.line_to (x, plot.size.height);
        }
        cr.stroke ();
        cr.restore ();
    }

    void draw_line (Cairo.Context cr, Series series, int64 now) {
        unowned var spans = series.get_spans ();
        var span = 0;
        var last_x = double.MIN;
        var lowest = 0.0;
        var is_drawn = false;
        cr.set_line_width (LINE_WIDTH);
        cr.set_line_join (ROUND);
        cr.set_line_cap (ROUND);
        use (cr, line_colour, 1);
        for (var i = int.max (series.find (now - length) - 1, 0); i < series.n_samples; i++) {
            var time = series.get_time (i);
            var is_broken = !is_drawn;
            for (; span < spans.length && spans[span].since <= time; span++)
                is_broken |= Text.is_stall (spans[span].state) || spans[span].state == ABSENT
                    || spans[span].state == BUS_LOST || spans[span].state == UNKNOWN;
            var x = x_of (time, now);
            var y = y_of (series.get_latency (i) / 1000.0);
            // Of those that fall onto one point the slowest is seen.
            if (!is_broken && x - last_x < 0.5 && y >= lowest)
                continue;
            if (is_broken) {
                // An answer alone is a dot.
                cr.move_to (x, y);
                cr.line_to (x, y);
            } else {
                cr.line_to (x, y);
            }
            is_drawn = true;
            last_x = x;
            lowest = y;
        }
        cr.stroke ();
    }

    // All of it at once, for a file.
    public void draw (Cairo.Context cr, Pango.Context context, Series series, int64 now,
        float width, float height) {
        percentiles = series.measure (now - length);
        lay_out (context, series, now, width, height);
        draw_frame (cr, context);
        cr.save ();
        cr.rectangle (plot.origin.x, plot.origin.y, plot.size.width, plot.size.height);
        cr.clip ();
        cr.translate (plot.origin.x, plot.origin.y);
        draw_plot (cr, series, now);
        cr.restore ();
        draw_percentiles (cr, context);
    }

    // Without anything beside the lines.
    public void draw_small (Cairo.Context cr, Series series, int64 now, float width, float height) {
        choose_scale (series, now);
        var area = Graphene.Rect ();
        area.init (0, 0, width, height - 2);
        plot = area;
        cr.translate (0, 1);
        draw_plot (cr, series, now);
    }
}
