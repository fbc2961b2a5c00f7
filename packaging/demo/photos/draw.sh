#!/bin/sh
# Draws the demonstration's pictures with GraphicsMagick; what came of it lies beside.
set -eu
out=${1:-.}
W=640 H=480
finish() { gm convert "$out/t.png" -blur 1x0.7 -noise 1 "$out/n.png"; gm convert "$out/n.png" -quality 62 +profile '*' "$out/$1.jpg"; rm -f "$out/t.png" "$out/n.png"; }
street="fill #b9c7d6 rectangle 0,0 640,190 fill #cfd6da rectangle 0,120 640,190 \
 fill #a58d78 rectangle 0,60 210,250 fill #8f9aa0 rectangle 210,30 430,250 fill #b4a08a rectangle 430,80 640,250 \
 fill #5c6b78 rectangle 20,80 60,120 rectangle 80,80 120,120 rectangle 140,80 180,120 rectangle 20,140 60,180 rectangle 80,140 120,180 rectangle 140,140 180,180 \
 rectangle 235,50 270,90 rectangle 300,50 335,90 rectangle 365,50 400,90 rectangle 235,110 270,150 rectangle 300,110 335,150 rectangle 365,110 400,150 \
 rectangle 450,100 490,140 rectangle 520,100 560,140 rectangle 590,100 630,140 \
 fill #6b3f34 rectangle 10,200 200,250 fill #335577 rectangle 225,190 415,250 fill #4b6b4a rectangle 440,190 630,250 \
 fill #b7b2a8 polygon 0,250 640,250 640,330 0,330 fill #8d8a84 rectangle 0,326 640,334 fill #6a6a6c polygon 0,334 640,334 640,480 0,480 \
 fill #d8d6c8 polygon 60,400 190,400 170,410 40,410 polygon 300,400 430,400 420,410 280,410 polygon 540,400 640,400 640,410 530,410"
corridor="fill #d9d4c6 rectangle 0,0 640,480 fill #c3bcaa polygon 0,0 200,110 200,330 0,480 fill #cbc5b5 polygon 640,0 440,110 440,330 640,480 \
 fill #8b8578 polygon 0,480 200,330 440,330 640,480 fill #e9e6dc polygon 0,0 200,110 440,110 640,0 fill #7b5b3f rectangle 275,160 365,330 fill #c9b089 rectangle 283,170 357,320 \
 fill #2f7d4f rectangle 290,125 350,148 fill #fff rectangle 300,132 340,141 fill #b03030 rectangle 150,260 168,320"
draw() { echo "$2" >"$out/t.txt"; gm convert -size ${W}x$H xc:white -draw "@$out/t.txt" "$out/t.png"; rm "$out/t.txt"; finish "$1"; }
draw street-before "$street fill #c98a2b polygon 300,330 360,330 350,270 310,270"
draw street-after "$street"
draw garbage-before "$street fill #2d5f3a rectangle 90,250 150,325 rectangle 160,250 220,325 fill #1d1d1f ellipse 250,315 45,26 0,360 ellipse 320,322 55,24 0,360 ellipse 285,290 40,22 0,360 fill #9a6b3f polygon 350,330 420,330 430,290 360,285 fill #d7d2c8 ellipse 400,325 25,12 0,360 fill #6f4a2a polygon 130,240 200,245 195,225 140,222"
draw garbage-after "$street fill #2d5f3a rectangle 90,250 150,325 rectangle 160,250 220,325 fill #23492d rectangle 86,243 154,252 rectangle 156,243 224,252 fill #9c978c polygon 235,330 430,330 400,312 240,312"
draw trade-before "$street fill #b23b2e polygon 60,230 260,230 290,255 30,255 fill #e2c45a rectangle 60,270 150,325 fill #c8602f rectangle 160,275 250,325 fill #4f8a3d ellipse 100,268 35,12 0,360 ellipse 205,272 35,12 0,360 fill #3c5a9a rectangle 330,235 380,325 fill #9fb8c8 rectangle 335,242 375,300 fill #8a5a36 rectangle 420,285 500,292 rectangle 425,292 432,328 rectangle 488,292 495,328"
draw trade-after "$street fill #e8c94a polygon 0,290 640,290 640,300 0,300"
draw manhole-before "$street fill #3a3a3c ellipse 330,410 90,30 0,360 fill #0f0f10 ellipse 330,412 78,24 0,360 fill #55565a polygon 390,395 470,378 480,390 400,412 fill #e06a1b polygon 200,430 240,430 224,360 216,360 fill #fff polygon 211,400 229,400 226,385 214,385"
draw manhole-after "$street fill #3a3a3c ellipse 330,410 90,30 0,360 fill #5d5f63 ellipse 330,410 80,25 0,360 fill #47494d ellipse 330,410 55,16 0,360 fill #6a6c70 ellipse 330,410 40,11 0,360 fill #9a9a96 polygon 230,440 430,440 450,446 210,446"
draw flood-before "$street fill #6f7f86 polygon 0,345 640,330 640,480 0,480 fill #8797a0 polygon 40,380 300,372 560,385 320,398 fill #93a3ab polygon 120,430 420,422 600,436 300,450 fill #b32f2f polygon 380,330 500,330 520,360 360,360 fill #22262a ellipse 395,362 16,8 0,360 ellipse 490,362 16,8 0,360 fill #9fb0bb polygon 395,332 440,310 480,332"
draw flood-after "$street fill #5c5c5f polygon 0,345 640,340 640,480 0,480 fill #3a3a3c rectangle 120,338 200,348 rectangle 460,336 540,346"
draw lamp-before "fill #141b2b rectangle 0,0 640,480 fill #1b2233 rectangle 0,90 220,260 rectangle 420,70 640,260 fill #3b3420 rectangle 40,120 60,140 rectangle 480,100 500,120 fill #222734 polygon 0,260 640,260 640,480 0,480 fill #3a3f49 rectangle 312,90 320,330 rectangle 320,88 380,94 fill #2b2f38 ellipse 382,97 14,6 0,360"
draw lamp-after "fill #1a2236 rectangle 0,0 640,480 fill #232b40 rectangle 0,90 220,260 rectangle 420,70 640,260 fill #8a7434 rectangle 40,120 60,140 rectangle 480,100 500,120 fill #4b4a44 polygon 0,260 640,260 640,480 0,480 fill #6f6748 polygon 378,100 640,480 120,480 fill #a8995d ellipse 380,430 190,40 0,360 fill #7d828c rectangle 312,90 320,330 rectangle 320,88 380,94 fill #ffe9a6 ellipse 382,98 18,9 0,360"
draw corridor-before "$corridor fill #a9814f polygon 60,470 170,470 170,370 60,370 fill #b98f5a polygon 80,370 150,370 150,310 80,310 fill #97703f polygon 170,450 240,440 240,370 170,375 fill #5b3a2a polygon 420,340 470,330 500,470 440,470 fill #3d4a63 polygon 250,420 330,415 330,360 250,362 fill #777 ellipse 380,430 30,30 0,360 fill #8b8578 ellipse 380,430 22,22 0,360"
draw corridor-after "$corridor fill #c8a227 polygon 212,335 220,335 130,480 110,480 polygon 428,335 420,335 510,480 530,480"
draw charge-before "$street fill #111 polygon 168,120 172,120 262,332 257,332 fill #b02727 polygon 250,300 330,290 345,318 260,322 fill #1d1d1f ellipse 262,326 20,20 0,360 ellipse 340,324 20,20 0,360 fill #6a6a6c ellipse 262,326 12,12 0,360 ellipse 340,324 12,12 0,360 fill #222 polygon 318,270 345,262 348,270 326,290 fill #e8e8e0 rectangle 236,318 262,332"
draw charge-after "$street fill #5b6b75 polygon 180,200 470,200 490,212 160,212 fill #7d8a92 rectangle 190,212 196,330 rectangle 455,212 461,330 fill #2e8b57 rectangle 300,235 330,285 fill #d8f0d8 rectangle 306,242 324,256 fill #b02727 polygon 350,300 420,292 435,318 360,322 fill #1d1d1f ellipse 362,326 18,18 0,360 ellipse 430,324 18,18 0,360"
