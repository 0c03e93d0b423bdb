# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What data/packaging/nix may ask of nixpkgs, and nothing else: an attribute that is not here is an
# error. Nothing is built; a package is its name, and what it was made of.
#
# Evaluates to what the files of that folder make of it.

{ folder
, without ? [ ]
}:

let
  package = name: {
    type = "derivation";
    outPath = "/nix/store/${name}";
    inherit name;
  };

  lib = {
    cleanSource = toString;
    genAttrs = names: make:
      builtins.listToAttrs (map (name: { inherit name; value = make name; }) names);
    licenses.lgpl21Plus = "LGPL-2.1-or-later";
    optional = condition: item: if condition then [ item ] else [ ];
    optionals = condition: items: if condition then items else [ ];
    literalExpression = text: text;
    mkEnableOption = text: { inherit text; };
    mkIf = condition: content: if condition then content else { };
    mkOption = option: option;
    platforms.linux = [ "aarch64-linux" "x86_64-linux" ];
    types.package = "package";
  };

  pythonPackages = {
    dbus-python = package "dbus-python";
    pygobject3 = package "pygobject3";
    toPythonModule = module: module;
  };

  everything = {
    inherit lib;
    callPackage = path: others:
      let make = import path; in
      make (builtins.intersectAttrs (builtins.functionArgs make) pkgs // others);
    mkShell = { inputsFrom, nativeBuildInputs, buildInputs }: {
      names = map (input: input.name) (inputsFrom ++ nativeBuildInputs);
      python = builtins.concatMap (input: input.packages or [ ]) buildInputs;
    };
    python3 = package "python3" // {
      buildEnv.override = { extraLibs, makeWrapperArgs }: package "python3-env" // {
        inherit makeWrapperArgs;
        packages = map (input: input.name) extraLibs;
      };
      pkgs = pythonPackages;
      sitePackages = "lib/python3.11/site-packages";
      withPackages = choose: package "python3-env" // {
        packages = map (input: input.name) (choose pythonPackages);
      };
    };
    stdenv.mkDerivation = make:
      let
        made = package attributes.pname // attributes.passthru // { inherit attributes; };
        attributes = make { finalPackage = made; };
      in
      made;
  } // builtins.listToAttrs (map (name: { inherit name; value = package name; }) [
    "dbus"
    "gettext"
    "gi-docgen"
    "gjs"
    "glib"
    "gobject-introspection"
    "gtk4"
    "json-glib"
    "libadwaita"
    "libnotify"
    "meson"
    "ninja"
    "pkg-config"
    "vala"
    "wrapGAppsHook4"
  ]);
  pkgs = removeAttrs everything without;

  describe = made: {
    inherit (made.attributes) pname version src mesonFlags meta;
    inputs = map (input: input.name) (made.attributes.nativeBuildInputs
      ++ made.attributes.buildInputs ++ made.attributes.propagatedBuildInputs);
    python = { inherit (made.python) packages makeWrapperArgs; };
  };

  libdbr = pkgs.callPackage (folder + "/package.nix") { };
  flake = (import (folder + "/flake.nix")).outputs {
    self = { };
    nixpkgs = { inherit lib; legacyPackages = lib.genAttrs lib.platforms.linux (system: pkgs); };
  };
  module = enable: (import (folder + "/module.nix")) {
    inherit lib pkgs;
    config.programs.libdbr = { inherit enable; monitor = enable; package = libdbr; };
  };
  configured = (module true).config;
in
{
  package = describe libdbr;
  health = describe flake.packages.x86_64-linux.health;
  shell = import (folder + "/shell.nix") { inherit pkgs; };
  flake = {
    packages = builtins.attrNames flake.packages.x86_64-linux;
    python = flake.packages.aarch64-linux.python.packages;
    shell = flake.devShells.x86_64-linux.default;
    overlay = (flake.overlays.default pkgs { }).libdbr.name;
    module = flake.nixosModules.default { inherit lib pkgs; config.programs.libdbr.enable = false; };
  };
  module = {
    default = (module true).options.programs.libdbr.package.default.name;
    installed = map (installed: installed.name) configured.environment.systemPackages;
    units = map (brings: brings.name) configured.systemd.packages;
    services = configured.systemd.user.services;
    inherit (configured.environment) pathsToLink sessionVariables;
    disabled = (module false).config;
  };
}
