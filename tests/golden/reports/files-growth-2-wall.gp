# files: wall time against layers
# Draws files-growth-2-wall.svg and files-growth-2-wall.png from files-growth-2-wall.dat, in this folder: gnuplot files-growth-2-wall.gp
set encoding utf8
unset title
set label 1 "files: wall time against layers" at screen 0.02, screen 0.95 left font "sans-serif,18" noenhanced
set label 2 "logarithmic; lines: fitted power law, its exponent in the key; at files=1000" at screen 0.02, screen 0.885 left font ",13" noenhanced textcolor rgb "#404040"
set tmargin at screen 0.76
set rmargin at screen 0.98
set key at screen 0.98, screen 0.835 right top horizontal noenhanced Left reverse samplen 1.5 width 1 maxcols 1
set border 1 linecolor rgb "#606060"
set grid ytics linecolor rgb "#D8D8D8" linetype 1 linewidth 1
set ytics nomirror scale 0 textcolor rgb "black"
set style fill solid 1.0 noborder
set logscale xy
set xrange [1.6:6.25]
set ylabel "milliseconds, wall clock"
set xlabel "layers" noenhanced
set xtics nomirror scale 0 textcolor rgb "black" ("2" 2, "5" 5)
set yrange [20:50]
set ytics nomirror scale 0 textcolor rgb "black" ("20" 20, "50" 50)
set terminal svg size 720,450 dynamic noenhanced font "sans-serif,14" fontscale 1.1 background rgb "white"
set output "files-growth-2-wall.svg"
plot \
  19.9721787*x**0.139511802 with lines linecolor rgb "#0072B2" linewidth 1.5 dashtype 2 notitle, \
  "files-growth-2-wall.dat" index 0 using 1:2 with points pointtype 5 pointsize 1.4 linecolor rgb "#0072B2" title "only, first build \1360.14"
set output
set terminal pngcairo size 1200,750 noenhanced font "sans,14" fontscale 1.33 linewidth 1.7 background rgb "white"
set output "files-growth-2-wall.png"
plot \
  19.9721787*x**0.139511802 with lines linecolor rgb "#0072B2" linewidth 1.5 dashtype 2 notitle, \
  "files-growth-2-wall.dat" index 0 using 1:2 with points pointtype 5 pointsize 1.4 linecolor rgb "#0072B2" title "only, first build \1360.14"
set output
