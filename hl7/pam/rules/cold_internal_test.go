package rules

import "testing"

// BenchmarkCold is what the first judgement of a process pays for the catalogue.
func BenchmarkCold(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readCatalogue(); err != nil {
			b.Fatal(err)
		}
	}
}
