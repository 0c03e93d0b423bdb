# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libdbr for nixpkgs: pkgs.callPackage ./package.nix { }
#
# With D-Bus Health it is pkgs.callPackage ./package.nix { withApplet = true; }; without, it needs no GTK.
# A Python that finds the typelib and the overrides with nothing set by hand is the attribute python.

{ lib
, stdenv
, withApplet ? false
, gettext
, gi-docgen
, glib
, gobject-introspection
, gtk4
, json-glib
, libadwaita
, libnotify
, meson
, ninja
, pkg-config
, python3
, vala
, wrapGAppsHook4
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "libdbr";
  version = "0.1.0";

  src = lib.cleanSource ../../..;

  nativeBuildInputs = [
    gettext
    gi-docgen
    gobject-introspection
    meson
    ninja
    pkg-config
    (python3.withPackages (packages: [ packages.pygobject3 ]))
    vala
  ] ++ lib.optional withApplet wrapGAppsHook4;
  buildInputs = [ json-glib libnotify ] ++ lib.optionals withApplet [ gtk4 libadwaita ];
  # Who compiles against libdbr's headers needs those of GIO.
  propagatedBuildInputs = [ glib ];

  mesonFlags = [
    "-Dtests=false"
    "-Dintrospection=enabled"
    "-Dvapi=enabled"
    "-Dlibnotify=enabled"
    "-Ddbrctl=enabled"
    "-Dapplet=${if withApplet then "enabled" else "disabled"}"
    "-Ddocumentation=enabled"
    # Without it they would go beside the Python of the build, which cannot be written to.
    "-Dpygobject_overrides_dir=${placeholder "out"}/${python3.sitePackages}/gi/overrides"
  ];

  passthru.python = python3.buildEnv.override {
    extraLibs = [
      python3.pkgs.pygobject3
      (python3.pkgs.toPythonModule finalAttrs.finalPackage)
    ];
    makeWrapperArgs = [
      "--prefix"
      "GI_TYPELIB_PATH"
      ":"
      "${finalAttrs.finalPackage}/lib/girepository-1.0"
    ];
  };

  meta = {
    description = "D-Bus calls that end";
    license = lib.licenses.lgpl21Plus;
    platforms = lib.platforms.linux;
  };
})
