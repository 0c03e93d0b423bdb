export PATH=/usr/bin:$PATH
cd /tmp/w-conn/_b0
for t in wire gdbus; do
DBR_TEST_SEED=1868390161 DBR_TRANSPORT=$t DBR_TEST_BUS=dbus-daemon meson test --no-rebuild --suite long "chaos-calls at length" "proxy-life at length" --num-processes 1 --logbase long-$t --print-errorlogs
done
