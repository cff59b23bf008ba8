"""X-Pose, which finds an animal's facial points (spec: xpose). One picture at a time: no batches, no masks."""
