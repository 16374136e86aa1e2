"""Training of the lung finder and of the input gate (`inference.lungs`).

pictures   reading: films, lung masks, pictures that are no chest films
drawings   drawn pictures that are no chest films, without limit
distortion random changes that a frontal chest film survives, and those that make it another kind
lessons    one training picture with what the network shall say of it
network    the small U-net
fitting    lungs first, then lungs and kinds
limits     where the gate closes, and how often it errs
run        from folders to a bundle
"""
