package hospital

import (
	"math"
	"math/rand/v2"
	"time"
)

// hours are how busy the hours of a day are; only their proportions count.
type hours [24]float64

var (
	// People fall ill at any hour, and come most between ten and noon and in the
	// early evening.
	anyHour = hours{22, 17, 13, 11, 10, 12, 18, 30, 48, 62, 68, 66, 60, 60, 62, 60, 60, 62, 64, 60, 54, 46, 38, 30}
	// Children are born at any hour.
	evenly = hours{40, 40, 41, 41, 42, 42, 42, 43, 46, 47, 46, 45, 43, 43, 42, 42, 41, 41, 40, 40, 40, 40, 40, 40}
	// Those who are expected come when the office is open.
	office    = hours{8: 60, 9: 90, 10: 85, 11: 60, 13: 40, 14: 90, 15: 75, 16: 50, 17: 15}
	mornings  = hours{6: 30, 7: 100, 8: 70, 9: 20}
	whenTired = hours{9: 20, 10: 60, 11: 80, 12: 40, 13: 60, 14: 90, 15: 70, 16: 40, 17: 20} // discharges
)

// arrival is one kind of reason to come.
type arrival struct {
	rate    float64 // a day, over a whole week
	hours   hours
	weekend float64 // share of the rate of another day
	come    func(*Hospital)
}

func arrivals(c *Config) []arrival {
	m := c.Mix
	return []arrival{
		{m.Emergencies, anyHour, 0.95, (*Hospital).emergency},
		{m.Admissions, office, 0.25, (*Hospital).planned},
		{m.DaySurgery, mornings, 0, (*Hospital).daySurgery},
		{m.Consultations, office, 0, (*Hospital).consultation},
		{m.Deliveries, evenly, 1, (*Hospital).delivery},
		{m.Sessions, office, 0, (*Hospital).series},
		{m.Monitoring, office, 0, (*Hospital).monitoring},
	}
}

// longest is how long nobody comes for one reason, at most: what is rarer does not
// fit into a duration.
const longest = 10 * 365 * day

// await plans the next arrival after t: a Poisson process whose rate goes with
// the hour and the day of the week, by thinning.
func (h *Hospital) await(a arrival, t time.Time) {
	if a.rate == 0 {
		return
	}
	sum, most := 0.0, 0.0
	for _, w := range a.hours {
		sum, most = sum+w, max(most, w)
	}
	workday := a.rate * 7 / (5 + 2*a.weekend)
	peak := workday * most / sum / float64(time.Hour)
	for {
		t = t.Add(time.Duration(min(h.rng.ExpFloat64()/peak, float64(longest))))
		likely := a.hours[t.Hour()] / most
		if d := t.Weekday(); d == time.Saturday || d == time.Sunday {
			likely *= a.weekend
		}
		if h.rng.Float64() < likely {
			break
		}
	}
	h.at(t, func() {
		a.come(h)
		h.await(a, h.now)
	})
}

// open brings the patients of the first hours: those whom the hospital has
// already when its GAM begins to tell.
func (h *Hospital) open() {
	for _, k := range []Kind{Ward, Intensive, Maternity} {
		for _, w := range h.wards[k] {
			for range int(h.cfg.Opening * float64(w.unit.Beds)) {
				h.at(h.now.Add(time.Second+time.Duration(h.rng.Float64()*float64(6*time.Hour))), func() { h.already(w) })
			}
		}
	}
}

// hour draws a time of day by its hours, on the day that comes n days after t.
func hour(r *rand.Rand, t time.Time, n int, w hours) time.Time {
	sum := 0.0
	for _, x := range w {
		sum += x
	}
	at, x := 0, r.Float64()*sum
	for at < 23 && x >= w[at] {
		x -= w[at]
		at++
	}
	y, m, d := t.Date()
	return time.Date(y, m, d+n, at, r.IntN(60), r.IntN(60), 0, t.Location())
}

// workday is the day n days after t, or the next one that is no weekend.
func workday(t time.Time, n int) int {
	for {
		switch t.AddDate(0, 0, n).Weekday() {
		case time.Saturday, time.Sunday:
			n++
			continue
		}
		return n
	}
}

// days draws how long a stay is: most are short, some are long.
func days(r *rand.Rand, mean float64) float64 {
	const spread = 0.7
	return min(8*mean, mean*math.Exp(spread*r.NormFloat64()-spread*spread/2))
}

// between draws a duration.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Float64()*float64(most-least))
}
