package drawing

import "strings"

// The sizes of text, in pixels.
const (
	titleSize  = 20.0
	nameSize   = 16.0
	detailSize = 12.0
	labelSize  = 12.5
	lineFactor = 1.3 // from one line to the next, in sizes
)

// textWidth estimates how wide a line is in a sans-serif font, rather too wide
// than too narrow: the reader's font is not known.
func textWidth(text string, size float64) float64 {
	var ems float64
	for _, r := range text {
		ems += em(r)
	}
	return ems * size
}

func em(r rune) float64 {
	switch {
	case strings.ContainsRune("iljtfrI.,:;'|!()[]/ -", r):
		return 0.40
	case strings.ContainsRune("mwMW@%→", r):
		return 0.95
	case r >= 'A' && r <= 'Z':
		return 0.72
	case r >= 0x2e80: // East Asian and later: as wide as high
		return 1.05
	}
	return 0.61
}

// lines is how high some lines are.
func lines(n int, size float64) float64 { return float64(n) * size * lineFactor }

// wrap breaks text into lines that fit into a width, at spaces where it can.
func wrap(text string, width, size float64) []string {
	var all []string
	line := ""
	for _, word := range pieces(text, width, size) {
		if next := strings.TrimSpace(line + " " + word); textWidth(next, size) <= width || line == "" {
			line = next
			continue
		}
		all, line = append(all, line), word
	}
	if line != "" {
		all = append(all, line)
	}
	return all
}

// pieces are the words of a text, those that are too wide in several parts.
func pieces(text string, width, size float64) []string {
	var all []string
	for _, word := range strings.Fields(text) {
		part, wide := "", 0.0
		for _, r := range word {
			if wide += em(r) * size; wide > width && part != "" {
				all, part, wide = append(all, part), "", em(r)*size
			}
			part += string(r)
		}
		all = append(all, part)
	}
	return all
}

// The longest names, details and labels that are shown whole, in characters.
const (
	mostName   = 30
	mostDetail = 36
	mostLabel  = 44
	mostLines  = 6
)

// shown makes lines fit to be shown.
func shown(texts []string, most int) []string {
	var all []string
	for i, text := range texts {
		if i == mostLines {
			return append(all, "…")
		}
		all = append(all, Shorten(Visible(text), most))
	}
	return all
}

// size is a node's width and height.
func (n Node) size() (width, height float64) {
	width = textWidth(n.name(), nameSize*1.08) // bold
	for _, line := range n.details() {
		width = max(width, textWidth(line, detailSize))
	}
	width = max(width+36, 96)
	height = lines(1, nameSize) + lines(len(n.details()), detailSize) + 24
	switch n.Shape {
	case Network: // an ellipse around the text
		return width * 1.25, height * 1.35
	case Counter, Signal, End, Handle, Socket, Queue, Pipe:
		return width + 24, height
	}
	return width, height
}

func (n Node) name() string      { return Shorten(Visible(n.Name), mostName) }
func (n Node) details() []string { return shown(n.Details, mostDetail) }
func (a Arrow) label() []string  { return shown(a.Label, mostLabel) }
