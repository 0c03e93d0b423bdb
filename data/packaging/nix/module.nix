# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For NixOS: imports = [ ./module.nix ]; programs.libdbr.enable = true;

{ config, lib, pkgs, ... }:

let
  cfg = config.programs.libdbr;
in
{
  options.programs.libdbr = {
    enable = lib.mkEnableOption "libdbr, D-Bus calls that end";

    package = lib.mkOption {
      type = lib.types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The libdbr that is installed.";
    };

    monitor = lib.mkEnableOption "telling each user when Bluetooth or systemd hangs";
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    # Where the system's own typelibs are linked to, for programs that were not wrapped.
    environment.pathsToLink = [ "/lib/girepository-1.0" ];
    environment.sessionVariables.GI_TYPELIB_PATH = [ "/run/current-system/sw/lib/girepository-1.0" ];

    # Units that the package brings
    systemd.packages = [ cfg.package ];
    systemd.user.services = lib.mkIf cfg.monitor {
      dbrctl-monitor.wantedBy = [ "default.target" ];
    };
  };
}
