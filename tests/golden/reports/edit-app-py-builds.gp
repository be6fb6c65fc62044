# edit app.py: first build and rebuilds
# Draws edit-app-py-builds.svg and edit-app-py-builds.png from edit-app-py-builds.dat, in this folder: gnuplot edit-app-py-builds.gp
set encoding utf8
unset title
set label 1 "edit app.py: first build and rebuilds" at screen 0.02, screen 0.95 left font "sans-serif,18" noenhanced
set label 2 "time by the command models (virtual clock), exact" at screen 0.02, screen 0.885 left font ",13" noenhanced textcolor rgb "#404040"
set tmargin at screen 0.76
set rmargin at screen 0.98
set key at screen 0.98, screen 0.835 right top horizontal noenhanced Left reverse samplen 1.5 width 1 maxcols 6
set border 1 linecolor rgb "#606060"
set grid ytics linecolor rgb "#D8D8D8" linetype 1 linewidth 1
set ytics nomirror scale 0 textcolor rgb "black"
set style fill solid 1.0 noborder
set ylabel "seconds, virtual clock"
set yrange [0:64.176]
set xrange [-0.6:2.6]
set boxwidth 0.376
set xtics scale 0 textcolor rgb "black" (\
  "first build" 0, \
  "edit app.py" 1, \
  "edit requirements.txt" 2)
set bmargin 2.5
shown(y) = sprintf("%.1f", y)
set terminal svg size 720,450 dynamic noenhanced font "sans-serif,14" fontscale 1.1 background rgb "white"
set output "edit-app-py-builds.svg"
plot \
  "edit-app-py-builds.dat" using ($1-0.2):2 with boxes linecolor rgb "#0072B2" title "bad", \
  "" using ($1-0.2):2:(shown($2)) with labels offset 0,0.6 font ",12" notitle, \
  "edit-app-py-builds.dat" using ($1+0.2):3 with boxes linecolor rgb "#E69F00" title "good", \
  "" using ($1+0.2):3:(shown($3)) with labels offset 0,0.6 font ",12" notitle
set output
set terminal pngcairo size 1200,750 noenhanced font "sans,14" fontscale 1.33 linewidth 1.7 background rgb "white"
set output "edit-app-py-builds.png"
plot \
  "edit-app-py-builds.dat" using ($1-0.2):2 with boxes linecolor rgb "#0072B2" title "bad", \
  "" using ($1-0.2):2:(shown($2)) with labels offset 0,0.6 font ",12" notitle, \
  "edit-app-py-builds.dat" using ($1+0.2):3 with boxes linecolor rgb "#E69F00" title "good", \
  "" using ($1+0.2):3:(shown($3)) with labels offset 0,0.6 font ",12" notitle
set output
