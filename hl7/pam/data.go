package pam

import (
	"embed"
	"strings"
	"sync"
)

//go:embed data
var dataFiles embed.FS

// place is a commune or a foreign country with a town in it.
type place struct {
	code    string // INSEE code (COG): 5 characters, 2Axxx, 99xxx
	name    string // of the commune or town
	postal  string // of the commune; "" abroad
	country string // ISO 3166-1 alpha-3
	where   string // word of patient.birth_place
}

// hospitalUnit is a functional unit of the invented hospital.
type hospitalUnit struct {
	Unit
	class      string // patient class that goes there
	discipline string // PV1-10, "" where none fits
}

// dataset is everything that the generator draws from. It is read once and
// never changed.
type dataset struct {
	families, women, men []string
	streets              map[string][]string // by word of patient.letters
	places               map[string][]place  // by word of patient.birth_place
	units                map[string][]hospitalUnit
	reasons              map[string][]string
}

// data returns the dataset of the embedded files. A test reads every line, so
// that a malformed one cannot be shipped.
var data = sync.OnceValue(func() *dataset {
	d := &dataset{
		families: column("family-names.txt"),
		women:    column("given-names-f.txt"),
		men:      column("given-names-m.txt"),
		streets:  map[string][]string{},
		places:   map[string][]place{},
		units:    map[string][]hospitalUnit{},
		reasons:  map[string][]string{},
	}
	for _, s := range column("streets.txt") {
		letters := "latin1"
		if strings.ContainsAny(s, "œŒŸ") {
			letters = "latin9"
		}
		d.streets[letters] = append(d.streets[letters], s)
	}
	d.streets["ascii"] = d.streets["latin1"]
	for _, f := range rows("communes.tsv", 4) {
		d.places[f[3]] = append(d.places[f[3]], place{code: f[0], name: f[1], postal: f[2], country: "FRA", where: f[3]})
	}
	for _, f := range rows("countries.tsv", 3) {
		d.places["abroad"] = append(d.places["abroad"], place{code: f[0], country: f[1], name: f[2], where: "abroad"})
	}
	for _, f := range rows("units.tsv", 4) {
		d.units[f[2]] = append(d.units[f[2]], hospitalUnit{Unit{Code: f[0], Label: f[1]}, f[2], f[3]})
	}
	for _, f := range rows("reasons.tsv", 2) {
		d.reasons[f[0]] = append(d.reasons[f[0]], f[1])
	}
	return d
})

// column reads a file of one text a line; # begins a comment.
func column(name string) []string {
	var texts []string
	for _, f := range rows(name, 1) {
		texts = append(texts, f[0])
	}
	return texts
}

// rows reads a file of tab-separated lines, each filled up to n fields.
func rows(name string, n int) [][]string {
	text, err := dataFiles.ReadFile("data/" + name)
	if err != nil {
		return nil
	}
	var all [][]string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		for len(fields) < n {
			fields = append(fields, "")
		}
		all = append(all, fields)
	}
	return all
}

// discipline returns the PV1-10 of a unit of the hospital for patients of class,
// "" when the unit is not one of ours or not for them.
func (d *dataset) discipline(code, class string) string {
	for _, u := range d.units[class] {
		if u.Code == code {
			return u.discipline
		}
	}
	return ""
}
