# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# nix-shell data/packaging/nix/shell.nix: to work on libdbr, and to run older scripts on dbus-python
# beside new ones.

{ pkgs ? import <nixpkgs> { } }:

let
  libdbr = pkgs.callPackage ./package.nix { };
in
pkgs.mkShell {
  # What libdbr is built with
  inputsFrom = [ libdbr ];

  # gobject-introspection in a shell tells GI_TYPELIB_PATH of each package that has a typelib.
  nativeBuildInputs = [
    pkgs.dbus
    pkgs.gjs
    pkgs.gobject-introspection
  ];
  buildInputs = [
    libdbr
    (pkgs.python3.withPackages (packages: [
      packages.dbus-python
      packages.pygobject3
      (packages.toPythonModule libdbr)
    ]))
  ];
}
