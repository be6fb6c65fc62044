# edit app.py: layers of the last image
# Draws edit-app-py-layers.svg and edit-app-py-layers.png from edit-app-py-layers.dat, in this folder: gnuplot edit-app-py-layers.gp
set encoding utf8
unset title
set label 1 "edit app.py: layers of the last image" at screen 0.02, screen 0.95 left font "sans-serif,18" noenhanced
set label 2 "content bytes of each layer, the lowest layer at the bottom" at screen 0.02, screen 0.885 left font ",13" noenhanced textcolor rgb "#404040"
set tmargin at screen 0.76
set rmargin at screen 0.98
set key at screen 0.98, screen 0.835 right top horizontal noenhanced Left reverse samplen 1.5 width 1 maxcols 2
set border 1 linecolor rgb "#606060"
set grid ytics linecolor rgb "#D8D8D8" linetype 1 linewidth 1
set ytics nomirror scale 0 textcolor rgb "black"
set style fill solid 1.0 noborder
set ylabel "megabytes"
set yrange [0:153.615]
set xrange [-0.6:1.6]
set style fill solid 1.0 border linecolor rgb "white"
set label 10 "base 77.8 MB" at first 0, first 38.9 center font ",12" noenhanced front
set label 11 "base 41.7 MB" at first 0, first 102.15 center font ",12" noenhanced front
set label 12 "RUN pip instal… 21.3 MB" at first 0, first 135.65 center font ",12" noenhanced front
set label 13 "base 77.8 MB" at first 1, first 38.9 center font ",12" noenhanced front
set label 14 "base 41.7 MB" at first 1, first 102.15 center font ",12" noenhanced front
set label 15 "RUN pip instal… 21.3 MB" at first 1, first 135.65 center font ",12" noenhanced front
set xtics scale 0 textcolor rgb "black" (\
  "bad" 0, \
  "good" 1)
set bmargin 2.5
set terminal svg size 720,450 dynamic noenhanced font "sans-serif,14" fontscale 1.1 background rgb "white"
set output "edit-app-py-layers.svg"
plot \
  "edit-app-py-layers.dat" using 1:(($2+$3)/2):($1-0.3):($1+0.3):2:3:($4 > 0 ? 0x56B4E9 : 0xE69F00) with boxxyerror linecolor rgb variable notitle, \
  keyentry with boxes linecolor rgb "#56B4E9" title "also in another variant", \
  keyentry with boxes linecolor rgb "#E69F00" title "only here"
set output
set terminal pngcairo size 1200,750 noenhanced font "sans,14" fontscale 1.33 linewidth 1.7 background rgb "white"
set output "edit-app-py-layers.png"
plot \
  "edit-app-py-layers.dat" using 1:(($2+$3)/2):($1-0.3):($1+0.3):2:3:($4 > 0 ? 0x56B4E9 : 0xE69F00) with boxxyerror linecolor rgb variable notitle, \
  keyentry with boxes linecolor rgb "#56B4E9" title "also in another variant", \
  keyentry with boxes linecolor rgb "#E69F00" title "only here"
set output
