# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later
{
  description = "D-Bus calls that end";

  inputs.nixpkgs.url = "nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs }:
    let
      systems = [ "aarch64-linux" "x86_64-linux" ];
      each = make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
    in
    {
      packages = each (pkgs: rec {
        libdbr = pkgs.callPackage ./package.nix { };
        default = libdbr;
        health = pkgs.callPackage ./package.nix { withApplet = true; };
        python = libdbr.python;
      });

      devShells = each (pkgs: {
        default = import ./shell.nix { inherit pkgs; };
      });

      overlays.default = final: previous: {
        libdbr = final.callPackage ./package.nix { };
      };

      nixosModules.default = import ./module.nix;
    };
}
