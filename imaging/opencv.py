"""OpenCV, held to one thread.

Every process of this product is one of many on its cores, so a pool would only fight with its neighbours; and a pool
that was started before a fork is gone in the child, which then waits for it for ever.
"""

import cv2

cv2.setNumThreads(1)

__all__ = ["cv2"]
