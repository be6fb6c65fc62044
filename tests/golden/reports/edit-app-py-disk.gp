# edit app.py: disk use as images are added
# Draws edit-app-py-disk.svg and edit-app-py-disk.png from edit-app-py-disk.dat, in this folder: gnuplot edit-app-py-disk.gp
set encoding utf8
unset title
set label 1 "edit app.py: disk use as images are added" at screen 0.02, screen 0.95 left font "sans-serif,18" noenhanced
set label 2 "content bytes of all images kept; variant bad" at screen 0.02, screen 0.885 left font ",13" noenhanced textcolor rgb "#404040"
set tmargin at screen 0.76
set rmargin at screen 0.98
set key at screen 0.98, screen 0.835 right top horizontal noenhanced Left reverse samplen 1.5 width 1 maxcols 2
set border 1 linecolor rgb "#606060"
set grid ytics linecolor rgb "#D8D8D8" linetype 1 linewidth 1
set ytics nomirror scale 0 textcolor rgb "black"
set style fill solid 1.0 noborder
last = 2
shown(y) = sprintf("%.3g MB", y)
set ylabel "megabytes"
set yrange [0:491.569]
set xrange [-0.4:2.4]
set xtics scale 0 textcolor rgb "black" (\
  "first build" 0, \
  "edit app.py" 1, \
  "edit requirements.txt" 2)
set bmargin 2.5
set terminal svg size 720,450 dynamic noenhanced font "sans-serif,14" fontscale 1.1 background rgb "white"
set output "edit-app-py-disk.svg"
plot \
  "edit-app-py-disk.dat" using 1:2 with linespoints linecolor rgb "#D55E00" linewidth 2 pointtype 5 title "without sharing", \
  "" using ($1 == last ? $1 : NaN):2:(shown($2)) with labels right offset 0.5,0.8 font ",12" notitle, \
  "edit-app-py-disk.dat" using 1:3 with linespoints linecolor rgb "#0072B2" linewidth 2 pointtype 7 title "layers shared", \
  "" using ($1 == last ? $1 : NaN):3:(shown($3)) with labels right offset 0.5,0.8 font ",12" notitle
set output
set terminal pngcairo size 1200,750 noenhanced font "sans,14" fontscale 1.33 linewidth 1.7 background rgb "white"
set output "edit-app-py-disk.png"
plot \
  "edit-app-py-disk.dat" using 1:2 with linespoints linecolor rgb "#D55E00" linewidth 2 pointtype 5 title "without sharing", \
  "" using ($1 == last ? $1 : NaN):2:(shown($2)) with labels right offset 0.5,0.8 font ",12" notitle, \
  "edit-app-py-disk.dat" using 1:3 with linespoints linecolor rgb "#0072B2" linewidth 2 pointtype 7 title "layers shared", \
  "" using ($1 == last ? $1 : NaN):3:(shown($3)) with labels right offset 0.5,0.8 font ",12" notitle
set output
