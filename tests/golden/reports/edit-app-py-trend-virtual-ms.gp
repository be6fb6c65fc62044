# edit app.py: virtual time by run
# Draws edit-app-py-trend-virtual-ms.svg and edit-app-py-trend-virtual-ms.png from edit-app-py-trend-virtual-ms.dat, in this folder: gnuplot edit-app-py-trend-virtual-ms.gp
set encoding utf8
unset title
set label 1 "edit app.py: virtual time by run" at screen 0.02, screen 0.95 left font "sans-serif,18" noenhanced
set label 2 "2026-01-01 to 2026-01-02, machine m" at screen 0.02, screen 0.885 left font ",13" noenhanced textcolor rgb "#404040"
set tmargin at screen 0.64
set rmargin at screen 0.98
set key at screen 0.98, screen 0.835 right top horizontal noenhanced Left reverse samplen 1.5 width 1 maxcols 1
set border 1 linecolor rgb "#606060"
set grid ytics linecolor rgb "#D8D8D8" linetype 1 linewidth 1
set ytics nomirror scale 0 textcolor rgb "black"
set style fill solid 1.0 noborder
set ylabel "seconds, virtual clock"
set xlabel "run"
set yrange [0:1.725]
set xrange [0.5:6.5]
set xtics 1, 1 nomirror scale 0 textcolor rgb "black"
shown(c) = sprintf("%+.1f%%", c)
set terminal svg size 720,450 dynamic noenhanced font "sans-serif,14" fontscale 1.1 background rgb "white"
set output "edit-app-py-trend-virtual-ms.svg"
plot \
  "edit-app-py-trend-virtual-ms.dat" index 0 using 1:2 with linespoints linecolor rgb "#0072B2" linewidth 1.5 pointtype 5 pointsize 0.7 title "good (builtin), cold", \
  "" index 1 using 1:2 with points pointtype 6 pointsize 2.4 linewidth 1.5 linecolor rgb "black" notitle, \
  "" index 1 using 1:2:(shown($3)) with labels offset 0,1.1 font ",12" notitle, \
  "edit-app-py-trend-virtual-ms.dat" index 2 using 1:2 with linespoints linecolor rgb "#E69F00" linewidth 1.5 pointtype 7 pointsize 0.7 title "good (buildkit), edit (2)", \
  "" index 3 using 1:2 with points pointtype 6 pointsize 2.4 linewidth 1.5 linecolor rgb "black" notitle, \
  "" index 3 using 1:2:(shown($3)) with labels offset 0,1.1 font ",12" notitle, \
  keyentry with points pointtype 6 pointsize 1.8 linewidth 1.5 linecolor rgb "black" title "level changed"
set output
set terminal pngcairo size 1200,750 noenhanced font "sans,14" fontscale 1.33 linewidth 1.7 background rgb "white"
set output "edit-app-py-trend-virtual-ms.png"
plot \
  "edit-app-py-trend-virtual-ms.dat" index 0 using 1:2 with linespoints linecolor rgb "#0072B2" linewidth 1.5 pointtype 5 pointsize 0.7 title "good (builtin), cold", \
  "" index 1 using 1:2 with points pointtype 6 pointsize 2.4 linewidth 1.5 linecolor rgb "black" notitle, \
  "" index 1 using 1:2:(shown($3)) with labels offset 0,1.1 font ",12" notitle, \
  "edit-app-py-trend-virtual-ms.dat" index 2 using 1:2 with linespoints linecolor rgb "#E69F00" linewidth 1.5 pointtype 7 pointsize 0.7 title "good (buildkit), edit (2)", \
  "" index 3 using 1:2 with points pointtype 6 pointsize 2.4 linewidth 1.5 linecolor rgb "black" notitle, \
  "" index 3 using 1:2:(shown($3)) with labels offset 0,1.1 font ",12" notitle, \
  keyentry with points pointtype 6 pointsize 1.8 linewidth 1.5 linecolor rgb "black" title "level changed"
set output
