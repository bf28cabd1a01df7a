package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam/rules"
	"github.com/pamlab/pamlab/hl7/schema"
)

// piece is a component or sub-component: of which type it is which component,
// and the places that mean it, "PID-3.4.2".
type piece struct {
	typ   *schema.TypeDef
	def   *schema.ComponentDef
	place string
}

// partOf finds the component that a path of a field names. A type without
// components is its own first one, and no piece.
func partOf(f *schema.FieldDef, path hl7.Path, place string) (p piece, whole, ok bool) {
	t := f.Type
	for i, n := range [...]int{path.Component(), path.Subcomponent()} {
		switch {
		case n == 0:
			return p, i == 0, true
		case t == nil || t.Primitive():
			return p, i == 0, n == 1
		}
		c := t.Component(n)
		if c == nil {
			return p, false, false
		}
		place += "." + strconv.Itoa(n)
		p = piece{t, c, place}
		t = c.Type
	}
	return p, false, true
}

// component is the page of a component, on which what it is a part of follows.
func (a asker) component(p piece) *Page {
	name := a.p.ComponentName(p.typ.Name, p.def.Number).In(a.lang)
	own := fmt.Sprintf("%s.%d", p.typ.Name, p.def.Number)
	page := &Page{Title: p.place + " · " + orElse(name, p.def.Name)}
	s := Section{}
	if own != p.place {
		s.fact(a.text("composant", "component"), own)
	}
	s.fact(a.text("usage et type", "usage and type"), componentFacts(p.def))
	if p.def.Length > 0 {
		s.fact(a.text("longueur", "length"), strconv.Itoa(p.def.Length))
	}
	o := a.p.ComponentOrigin(p.typ.Name, p.def.Number)
	s.fact(a.text("exigé par", "demanded by"), layerNames[o.Layer].In(a.lang))
	s.fact("source", o.Source)
	s.fact(a.text("précision", "note"), o.Note.In(a.lang))
	if p.def.Type == nil || p.def.Type.Primitive() {
		a.form(&s, p.def.Format)
	}
	page.add(s)
	if p.def.Table != nil {
		page.add(a.codes(p.def.Table.Number))
	}
	page.add(a.rulesAbout(a.text("Règles de ce composant", "Rules about this component"), speaksOf(p.place, own)))
	if p.def.Type != nil && !p.def.Type.Primitive() {
		page.add(a.components(p.def.Type))
	}
	return page
}

func componentFacts(c *schema.ComponentDef) string {
	list := []string{c.Usage.String()}
	if c.Type != nil {
		list = append(list, c.Type.Name)
	}
	if c.Table != nil {
		list = append(list, c.Table.Number)
	}
	return strings.Join(list, " · ")
}

// speaksOf tells the rules that speak of a component, as PID-5.7, XPN.7 or
// XPN-7, in their names, sentences or hints.
func speaksOf(place, own string) func(*rules.Rule) bool {
	typ, n, _ := strings.Cut(own, ".")
	typ, _, _ = strings.Cut(typ, "-") // CX-INS is a CX
	spoken := spokenPlaces()
	return func(r *rules.Rule) bool {
		places := spoken[r.ID]
		return slices.Contains(places, place) || slices.Contains(places, typ+"-"+n) || slices.Contains(places, typ+"."+n)
	}
}

var placeName = expression(`\b[A-Z][A-Z0-9]{1,2}[-.][0-9]+(\.[0-9]+)*\b`)

// spokenPlaces are the places that rules speak of, by their ids.
var spokenPlaces = sync.OnceValue(func() map[string][]string {
	all := map[string][]string{}
	for _, r := range rules.Catalogue() {
		text := strings.ToUpper(r.ID) + " " + r.Text.EN + " " + r.Advice("en")
		all[r.ID] = placeName().FindAllString(text, -1)
	}
	return all
})
