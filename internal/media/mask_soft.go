package media

import (
	"image"
	"math"
)

// Grow widens what is repainted by px pixels to each side, or narrows it when
// px is negative. The picture's border does not narrow it.
func (m *Mask) Grow(px int) {
	switch {
	case px > 0:
		m.filter(px, func(row, tmp []uint8) { slidingMax(row, tmp, px) })
	case px < 0:
		m.Invert()
		m.filter(-px, func(row, tmp []uint8) { slidingMax(row, tmp, -px) })
		m.Invert()
	}
}

// Feather softens the edge over about px pixels to each side: three box blurs
// that come close to a Gaussian of standard deviation px/2.
func (m *Mask) Feather(px int) {
	if px <= 0 {
		return
	}
	radii := boxRadii(float64(px)/2, 3)
	reach := 0
	for _, r := range radii {
		reach += r
	}
	m.filter(reach, func(row, tmp []uint8) {
		for _, r := range radii {
			slidingMean(row, tmp, r)
			copy(row, tmp[:len(row)])
		}
	})
}

// boxRadii are the radii of n box blurs whose variances add up to sigma's
// square as nearly as whole pixels allow.
func boxRadii(sigma float64, n int) []int {
	ideal := math.Sqrt(12*sigma*sigma/float64(n) + 1)
	low := (int(ideal) - 1) / 2 // radius of the largest odd width below
	w := float64(2*low + 1)
	small := int(math.Round((12*sigma*sigma - float64(n)*(w*w+4*w+3)) / (-4*w - 4)))
	radii := make([]int, n)
	for i := range radii {
		radii[i] = low
		if i >= small {
			radii[i]++
		}
	}
	radii[n-1] = max(1, radii[n-1]) // one pixel is the least
	return radii
}

// filter applies a one-dimensional filter to the rows and then to the columns,
// only where the mask can change: around what it repaints, by the filter's
// reach.
func (m *Mask) filter(reach int, rows func(row, tmp []uint8)) {
	area := m.Bounds()
	if area.Empty() {
		return
	}
	area = area.Inset(-reach).Intersect(image.Rect(0, 0, m.Width, m.Height))
	w, h := area.Dx(), area.Dy()
	inRows(h, func(y0, y1 int) {
		tmp := make([]uint8, 2*w)
		for y := y0; y < y1; y++ {
			rows(m.row(area.Min.Y + y)[area.Min.X:area.Max.X], tmp)
		}
	})
	turned := make([]uint8, w*h) // columns as rows: w of them, h long
	transpose(turned, h, m.Pix[area.Min.Y*m.Width+area.Min.X:], m.Width, w, h)
	inRows(w, func(x0, x1 int) {
		tmp := make([]uint8, 2*h)
		for x := x0; x < x1; x++ {
			rows(turned[x*h:][:h], tmp)
		}
	})
	transpose(m.Pix[area.Min.Y*m.Width+area.Min.X:], m.Width, turned, h, h, w)
}

// transpose turns w x h pixels of src into h x w of dst, tile by tile.
func transpose(dst []uint8, dstStride int, src []uint8, srcStride, w, h int) {
	const tile = 64
	inRows(h, func(from, to int) {
		for ty := from; ty < to; ty += tile {
			for tx := 0; tx < w; tx += tile {
				for y := ty; y < min(ty+tile, to); y++ {
					line := src[y*srcStride+tx : y*srcStride+min(tx+tile, w)]
					at := tx*dstStride + y
					for _, v := range line {
						dst[at] = v
						at += dstStride
					}
				}
			}
		}
	})
}

// slidingMax replaces each value by the largest within r, in time that does
// not depend on r (van Herk, 1992): cut into blocks of the window's width, a
// window is the end of one block and the beginning of the next. tmp is twice
// as long as row.
func slidingMax(row, tmp []uint8, r int) {
	n := len(row)
	size := min(2*r+1, n)
	fromStart, toEnd := tmp[:n], tmp[n:2*n] // maximum from the block's start to i, from i to its end
	for i, v := range row {
		if i%size > 0 {
			v = max(v, fromStart[i-1])
		}
		fromStart[i] = v
	}
	for i := n - 1; i >= 0; i-- {
		toEnd[i] = row[i]
		if i+1 < n && (i+1)%size > 0 {
			toEnd[i] = max(row[i], toEnd[i+1])
		}
	}
	for i := range row {
		left, right := i-r, i+r
		if left >= 0 && right < n {
			row[i] = max(toEnd[left], fromStart[right])
			continue
		}
		left, right = max(0, left), min(n-1, right) // cut short by the border
		switch {
		case left/size != right/size:
			row[i] = max(toEnd[left], fromStart[right])
		case left%size == 0:
			row[i] = fromStart[right]
		default:
			row[i] = toEnd[left] // the block ends at the border, too
		}
	}
}

// slidingMean writes the mean within r to tmp; values beyond the ends count as
// the last one there.
func slidingMean(row, tmp []uint8, r int) {
	n := len(row)
	if r == 0 {
		copy(tmp, row)
		return
	}
	width := uint32(2*r + 1)
	scale := (1<<24 + width/2) / width
	first, last := uint32(row[0]), uint32(row[n-1])
	at := func(i int) uint32 {
		switch {
		case i < 0:
			return first
		case i >= n:
			return last
		}
		return uint32(row[i])
	}
	sum := uint32(0)
	for i := -r; i <= r; i++ {
		sum += at(i)
	}
	i := 0
	for ; i < min(r+1, n); i++ {
		tmp[i] = mean(sum, scale)
		sum += at(i+r+1) - at(i-r)
	}
	for ; i < n-r-1; i++ {
		tmp[i] = mean(sum, scale)
		sum += uint32(row[i+r+1]) - uint32(row[i-r])
	}
	for ; i < n; i++ {
		tmp[i] = mean(sum, scale)
		sum += at(i+r+1) - at(i-r)
	}
}

func mean(sum, scale uint32) uint8 { return uint8(min(255, (uint64(sum)*uint64(scale)+1<<23)>>24)) }
