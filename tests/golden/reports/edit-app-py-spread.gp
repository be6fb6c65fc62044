# edit app.py: spread of measured times
# Draws edit-app-py-spread.svg and edit-app-py-spread.png from edit-app-py-spread.dat, in this folder: gnuplot edit-app-py-spread.gp
set encoding utf8
unset title
set label 1 "edit app.py: spread of measured times" at screen 0.02, screen 0.95 left font "sans-serif,18" noenhanced
set label 2 "wall clock: a dot a run (9), line: median, box: its 95\045 interval" at screen 0.02, screen 0.885 left font ",13" noenhanced textcolor rgb "#404040"
set tmargin at screen 0.76
set rmargin at screen 0.98
set key at screen 0.98, screen 0.835 right top horizontal noenhanced Left reverse samplen 1.5 width 1 maxcols 6
set border 1 linecolor rgb "#606060"
set grid ytics linecolor rgb "#D8D8D8" linetype 1 linewidth 1
set ytics nomirror scale 0 textcolor rgb "black"
set style fill solid 1.0 noborder
unit = 1000
set ylabel "milliseconds, wall clock"
set logscale y
set yrange [0.666667:67.5]
set xrange [-0.6:2.6]
set style fill solid 0.45 border linecolor rgb "#606060"
set xtics scale 0 textcolor rgb "black" (\
  "first build" 0, \
  "edit app.py" 1, \
  "edit requirements.txt" 2)
set bmargin 2.5
set terminal svg size 720,450 dynamic noenhanced font "sans-serif,14" fontscale 1.1 background rgb "white"
set output "edit-app-py-spread.svg"
plot \
  "edit-app-py-spread.dat" index 1 using 1:(unit*$2):($1-0.168):($1+0.168):(unit*$3):(unit*$4) with boxxyerror fillcolor rgb "#0072B2" title "bad", \
  "" index 0 using 1:(unit*$2) with points pointtype 7 pointsize 0.45 linecolor rgb "#202020" notitle, \
  "" index 1 using ($1-0.168):(unit*$2):(0.336):(0) with vectors nohead linewidth 3 linecolor rgb "black" notitle, \
  "edit-app-py-spread.dat" index 3 using 1:(unit*$2):($1-0.168):($1+0.168):(unit*$3):(unit*$4) with boxxyerror fillcolor rgb "#E69F00" title "good", \
  "" index 2 using 1:(unit*$2) with points pointtype 7 pointsize 0.45 linecolor rgb "#202020" notitle, \
  "" index 3 using ($1-0.168):(unit*$2):(0.336):(0) with vectors nohead linewidth 3 linecolor rgb "black" notitle
set output
set terminal pngcairo size 1200,750 noenhanced font "sans,14" fontscale 1.33 linewidth 1.7 background rgb "white"
set output "edit-app-py-spread.png"
plot \
  "edit-app-py-spread.dat" index 1 using 1:(unit*$2):($1-0.168):($1+0.168):(unit*$3):(unit*$4) with boxxyerror fillcolor rgb "#0072B2" title "bad", \
  "" index 0 using 1:(unit*$2) with points pointtype 7 pointsize 0.45 linecolor rgb "#202020" notitle, \
  "" index 1 using ($1-0.168):(unit*$2):(0.336):(0) with vectors nohead linewidth 3 linecolor rgb "black" notitle, \
  "edit-app-py-spread.dat" index 3 using 1:(unit*$2):($1-0.168):($1+0.168):(unit*$3):(unit*$4) with boxxyerror fillcolor rgb "#E69F00" title "good", \
  "" index 2 using 1:(unit*$2) with points pointtype 7 pointsize 0.45 linecolor rgb "#202020" notitle, \
  "" index 3 using ($1-0.168):(unit*$2):(0.336):(0) with vectors nohead linewidth 3 linecolor rgb "black" notitle
set output
