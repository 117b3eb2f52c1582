package pipeline

// LeaseKeeper names the lease of the process that leads the road.
const LeaseKeeper = "keeper"
