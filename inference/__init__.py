"""Labels, model bundles and the classifier. Light: no engine is imported before `Classifier.load` is called."""
