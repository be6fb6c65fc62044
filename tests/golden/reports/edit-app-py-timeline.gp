# edit app.py: timeline of the steps
# Draws edit-app-py-timeline.svg and edit-app-py-timeline.png from edit-app-py-timeline.dat, in this folder: gnuplot edit-app-py-timeline.gp
set encoding utf8
unset title
set label 1 "edit app.py: timeline of the steps" at screen 0.02, screen 0.95 left font "sans-serif,18" noenhanced
set label 2 "first build and slowest rebuild; a diamond left of zero: a reused step" at screen 0.02, screen 0.885 left font ",13" noenhanced textcolor rgb "#404040"
set tmargin at screen 0.70
set rmargin at screen 0.98
set key at screen 0.98, screen 0.835 right top horizontal noenhanced Left reverse samplen 1.5 width 1 maxcols 4
set border 1 linecolor rgb "#606060"
set grid ytics linecolor rgb "#D8D8D8" linetype 1 linewidth 1
set ytics nomirror scale 0 textcolor rgb "black"
set style fill solid 1.0 noborder
unit = 1
aside = 1.2606
thin = 0.2292
tone(k) = k == 0 ? 0x0072B2 : k == 1 ? 0xD55E00 : k == 2 ? 0x009E73 : 0x999999
shown(t) = sprintf("%.1f s", t)
set xlabel "seconds, virtual clock"
set xrange [-3.02544:67.614]
set yrange [3.6:-0.6]
set arrow 1 from 0, graph 0 to 0, graph 1 nohead linecolor rgb "#606060"
set xtics 0, 10 nomirror scale 0 textcolor rgb "black"
unset grid
set grid xtics linecolor rgb "#D8D8D8" linetype 1
set border 0
set key samplen 1
set ytics scale 0 font ",12" textcolor rgb "black" (\
  "bad: first build" 0, \
  "bad: edit app.py" 1, \
  "good: first build" 2, \
  "good: edit requirements.txt" 3)
set terminal svg size 720,450 dynamic noenhanced font "sans-serif,14" fontscale 1.1 background rgb "white"
set output "edit-app-py-timeline.svg"
plot \
  "edit-app-py-timeline.dat" index 0 using (unit*$2):1:(unit*$2):(unit*$3 > unit*$2+thin ? unit*$3 : unit*$2+thin):($1-0.34):($1+0.34):(tone($4)) with boxxyerror linecolor rgb variable notitle, \
  "" index 0 using (unit*($3-$2) > 3*thin ? unit*$2 : NaN):($1-0.34):(0):(0.68) with vectors nohead linewidth 1 linecolor rgb "white" notitle, \
  keyentry with boxes linecolor rgb "#0072B2" title "FROM: fetch", \
  keyentry with boxes linecolor rgb "#D55E00" title "RUN", \
  keyentry with boxes linecolor rgb "#009E73" title "COPY, ADD", \
  keyentry with boxes linecolor rgb "#999999" title "other", \
  "" index 1 using (-aside*($3+0.7)):1 with points pointtype 12 pointsize 1.7 linewidth 1.5 linecolor rgb "black" title "reused", \
  "" index 2 using (unit*$2):1:(shown(unit*$2)) with labels left offset 0.6,0 font ",12" notitle
set output
set terminal pngcairo size 1200,750 noenhanced font "sans,14" fontscale 1.33 linewidth 1.7 background rgb "white"
set output "edit-app-py-timeline.png"
plot \
  "edit-app-py-timeline.dat" index 0 using (unit*$2):1:(unit*$2):(unit*$3 > unit*$2+thin ? unit*$3 : unit*$2+thin):($1-0.34):($1+0.34):(tone($4)) with boxxyerror linecolor rgb variable notitle, \
  "" index 0 using (unit*($3-$2) > 3*thin ? unit*$2 : NaN):($1-0.34):(0):(0.68) with vectors nohead linewidth 1 linecolor rgb "white" notitle, \
  keyentry with boxes linecolor rgb "#0072B2" title "FROM: fetch", \
  keyentry with boxes linecolor rgb "#D55E00" title "RUN", \
  keyentry with boxes linecolor rgb "#009E73" title "COPY, ADD", \
  keyentry with boxes linecolor rgb "#999999" title "other", \
  "" index 1 using (-aside*($3+0.7)):1 with points pointtype 12 pointsize 1.7 linewidth 1.5 linecolor rgb "black" title "reused", \
  "" index 2 using (unit*$2):1:(shown(unit*$2)) with labels left offset 0.6,0 font ",12" notitle
set output
